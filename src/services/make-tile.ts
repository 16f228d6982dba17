import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { withinSeconds } from '../base/deadline';
import { OpenEOError } from '../base/errors';
import type { Limiter } from '../base/limiter';
import type { TileAddress } from '../geo/types';
import { findFormat, outputFormats } from '../raster/formats/registry';
import type { Encoded } from '../raster/formats/types';
import type { User } from '../store/records/types';
import { drawingOf, drawTile } from './draw';
import { emptyTile } from './empty-tile';
import { encodeResult } from './encode-result';
import type { Evaluated, ServiceEvaluator } from './evaluate';
import type { PreparedService } from './prepared-services';
import type { Seeds } from './seeds';
import { WholeScenes } from './whole-scenes';

/** A finished tile, and whether any of its pixels has data. */
export interface RenderedTile {
  readonly mediaType: string;
  readonly body: Uint8Array;
  readonly hasData: boolean;
}

/** People who wait go first. */
const seedPriority = 0;

/** What a tile shows, by everything that it is made of. */
export function contentOf(
  evaluated: Evaluated,
  { z, x, y }: TileAddress,
): { readonly key: string; readonly tag: string } {
  const address = evaluated.cube?.grid ? `${z}/${x}/${y}` : 'all';
  const key = `${evaluated.key}/${evaluated.cube?.dataVersion}/${address}`;
  return { key, tag: createHash('sha256').update(key).digest('base64url').slice(0, 27) };
}

/** Makes tiles from the graphs of services: evaluation and drawing, within the limits. */
export class TileMaker {
  readonly #scenes: WholeScenes;

  constructor(
    private readonly parts: {
      readonly evaluator: ServiceEvaluator;
      readonly limiter: Limiter;
      readonly limits: { readonly pixels: number; readonly seconds: number };
      /** Fires when the server stops. */
      readonly stopped: AbortSignal;
      /** Tiles that were drawn ahead. */
      readonly seeds: Seeds;
    },
  ) {
    const { limits, stopped } = parts;
    this.#scenes = new WholeScenes({ maxPixels: limits.pixels, seconds: limits.seconds, stopped });
  }

  /** What a service shows of a tile to somebody who asks with these parameters. */
  evaluate(
    prepared: PreparedService,
    tile: TileAddress,
    request: { readonly query: ReadonlyMap<string, string>; readonly user?: User },
    signal: AbortSignal,
  ): Promise<Evaluated> {
    const { query, user } = request;
    return this.parts.evaluator.evaluate(prepared, { tile, query, user, signal });
  }

  /** What a service shows to everybody, for drawing ahead. @throws OpenEOError `ServiceNotSeedable` for what is no map */
  async evaluateForAll(
    prepared: PreparedService,
    tile: TileAddress,
    signal: AbortSignal,
  ): Promise<Evaluated> {
    const evaluated = await this.parts.evaluator.evaluate(prepared, { tile, query: new Map(), signal });
    if (evaluated.cube?.grid) return evaluated;
    throw new OpenEOError('ServiceNotSeedable', { reason: 'its result is no raster on a map.' });
  }

  /**
   * One tile as everybody sees it who asks without parameters.
   * @returns the tag of what it shows, known before it is drawn; without bytes where all pixels are missing
   */
  async tileForAll(
    prepared: PreparedService,
    tile: TileAddress,
    signal: AbortSignal,
  ): Promise<{ readonly tag: string; draw(): Promise<Uint8Array> }> {
    const evaluated = await this.evaluateForAll(prepared, tile, signal);
    return {
      tag: contentOf(evaluated, tile).tag,
      draw: async () => {
        const { hasData, body } = await this.draw(prepared, tile, evaluated, signal, seedPriority);
        return hasData ? body : new Uint8Array();
      },
    };
  }

  /** A tile that was drawn ahead. A storage that is away is no reason not to draw it. */
  async stored(
    prepared: PreparedService,
    tile: TileAddress,
    evaluated: Evaluated,
    tag: string,
  ): Promise<RenderedTile | undefined> {
    if (!evaluated.cube?.grid || prepared.readsUser) return undefined;
    const { service, settings } = prepared;
    const mediaType = findFormat(drawingOf(evaluated, settings).format)?.mediaType;
    if (mediaType === undefined) return undefined;
    try {
      const body = await this.parts.seeds.find(service.id, tile, tag);
      if (!body) return undefined;
      if (body.length > 0) return { mediaType, body, hasData: true };
      return { ...(await emptyTile(settings.tileSize)), hasData: false };
    } catch (error) {
      if (error instanceof OpenEOError) return undefined;
      throw error;
    }
  }

  /** Draws what was evaluated, as soon as there is a place. */
  draw(
    prepared: PreparedService,
    tile: TileAddress,
    evaluated: Evaluated,
    signal: AbortSignal,
    priority = 1,
  ): Promise<RenderedTile> {
    const { settings, matrixSet } = prepared;
    const grid = matrixSet.grid(tile, settings.tileSize);
    const { limiter, limits } = this.parts;
    const work = (signal: AbortSignal) =>
      drawTile(evaluated.cube!, drawingOf(evaluated, settings), {
        grid,
        settings,
        maxPixels: limits.pixels,
        scenes: this.#scenes,
        key: prepared.writes ? undefined : `${evaluated.key}/${evaluated.cube!.dataVersion}`,
        signal,
      });
    return withinSeconds(limits.seconds, signal, (limited) =>
      limiter.run(async () => collected(await work(limited)), { signal: limited, priority }),
    );
  }

  /** What is no cube, in the format that the graph names. */
  async encode({ value }: Evaluated, signal: AbortSignal): Promise<RenderedTile> {
    const { pixels } = this.parts.limits;
    return collected(await encodeResult(value, { formats: outputFormats, signal, maxPixels: pixels }));
  }
}

async function collected({ mediaType, hasData, body }: Encoded): Promise<RenderedTile> {
  return { mediaType, hasData, body: body instanceof Uint8Array ? body : await buffer(body) };
}
