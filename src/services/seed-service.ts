import { OpenEOError } from '../base/errors';
import { intersectBounds } from '../geo/grid';
import type { TileRange } from '../geo/tile-matrix-set';
import type { TileAddress } from '../geo/types';
import type { TileMaker } from './make-tile';
import type { PreparedService, PreparedServices, ServiceTiling } from './prepared-services';
import type { Seeds } from './seeds';
import { boxesOf } from './tile-address';
import { serviceBounds } from './tilejson';

/** Which tiles of a service are meant. */
export interface SeedArea {
  readonly minzoom: number;
  readonly maxzoom: number;
  /** West, south, east, north in degrees; absent: wherever the service has data. */
  readonly bbox?: readonly [number, number, number, number];
}

export interface SeedProgress {
  readonly total: number;
  readonly done: number;
}

export interface SeedSummary {
  readonly total: number;
  /** Tiles that were drawn and stored. */
  readonly made: number;
  /** Tiles that were there already and are still right. */
  readonly fresh: number;
  /** Stored tiles that showed something else, or were to be truncated. */
  readonly removed: number;
  readonly bytes: number;
}

/** More tiles than this in one run are a mistake, or a matter of days. */
const maxTiles = 10_000_000;
const tilesAtOnce = 8;

/** What is said as it is: that there is no such service, why it is none to draw ahead, that it is not the time. */
const ownCodes: ReadonlySet<string> = new Set(['ServiceNotFound', 'ServiceNotSeedable', 'TooManyRequests']);

interface Range extends TileRange {
  readonly z: number;
}

function refuse(reason: string, cause?: unknown): OpenEOError {
  return new OpenEOError('ServiceNotSeedable', { reason }, { cause });
}

/** The columns and rows of every zoom that an area and the service's own extent have in common. */
function rangesOf(
  { matrixSet, settings }: ServiceTiling,
  area: SeedArea,
  own: readonly [number, number, number, number],
): Range[] {
  const parts = boxesOf(own).flatMap((one) =>
    area.bbox ? boxesOf(area.bbox).flatMap((other) => intersectBounds(one, other) ?? []) : [one],
  );
  const first = Math.max(area.minzoom, settings.minzoom);
  const last = Math.min(area.maxzoom, settings.maxzoom);
  const ranges: Range[] = [];
  for (let z = first; z <= last; z++)
    for (const part of parts) ranges.push({ z, ...matrixSet.cover(part, z) });
  return ranges;
}

function sizeOf({ x, y }: TileRange): number {
  return (x[1] - x[0] + 1) * (y[1] - y[0] + 1);
}

/** Every tile once, also where ranges on both sides of the antimeridian share some. */
function* tilesOf(ranges: readonly Range[]): Generator<TileAddress> {
  for (const [index, { z, x, y }] of ranges.entries())
    for (let row = y[0]; row <= y[1]; row++)
      for (let column = x[0]; column <= x[1]; column++) {
        const isKnown = ranges
          .slice(0, index)
          .some((one) => one.z === z && contains(one.x, column) && contains(one.y, row));
        if (!isKnown) yield { z, x: column, y: row };
      }
}

function contains([min, max]: readonly [number, number], value: number): boolean {
  return value >= min && value <= max;
}

/** Draws tiles of services ahead of those who will ask for them. */
export class ServiceSeeder {
  constructor(
    private readonly parts: {
      readonly prepared: PreparedServices;
      readonly maker: TileMaker;
      readonly seeds: Seeds;
    },
  ) {}

  /**
   * A service whose tiles can be drawn ahead, and where it has data.
   * @throws OpenEOError `ServiceNotFound`; `ServiceNotSeedable` where tiles depend on who asks, where asking changes
   *   something, and where the graph cannot be run any more
   */
  async prepare(
    serviceId: string,
    signal: AbortSignal,
  ): Promise<{ readonly prepared: PreparedService; readonly bounds: ReturnType<typeof serviceBounds> }> {
    const { prepared: services, maker } = this.parts;
    try {
      const prepared = await services.get(serviceId);
      if (prepared.writes) throw refuse('its graph changes something with every request.');
      if (prepared.readsUser) throw refuse('its tiles depend on who asks for them.');
      const probe = { z: prepared.settings.minzoom, x: 0, y: 0 };
      const bounds = serviceBounds(prepared, await maker.evaluateForAll(prepared, probe, signal));
      return { prepared, bounds };
    } catch (error) {
      const isBroken = error instanceof OpenEOError && error.status < 500 && !ownCodes.has(error.code);
      throw isBroken ? refuse(`its process cannot be run any more. ${error.message}`, error) : error;
    }
  }

  /** Makes what is missing and what is stale, and removes what was there in its place. @throws as `prepare`; what drawing throws */
  async seed(
    serviceId: string,
    area: SeedArea,
    signal: AbortSignal,
    onProgress: (progress: SeedProgress) => void,
  ): Promise<SeedSummary> {
    const { maker, seeds } = this.parts;
    const { prepared, bounds } = await this.prepare(serviceId, signal);
    const ranges = rangesOf(prepared, area, bounds);
    const total = ranges.reduce((sum, range) => sum + sizeOf(range), 0);
    if (total > maxTiles)
      throw refuse(
        `that would be ${total.toLocaleString('en')} tiles; ask for fewer zooms or a smaller area.`,
      );
    const stored = await seeds.list(serviceId, signal);
    const count = { made: 0, fresh: 0, removed: 0, bytes: 0 };
    let done = 0;
    const tiles = tilesOf(ranges);

    const handle = async (tile: TileAddress) => {
      const { tag, draw } = await maker.tileForAll(prepared, tile, signal);
      const before = stored.get(`${tile.z}/${tile.x}/${tile.y}`) ?? [];
      const key = seeds.key(serviceId, tile, tag);
      if (before.includes(key)) count.fresh++;
      else {
        const body = await draw();
        await seeds.put(serviceId, tile, tag, body, signal);
        count.made++;
        count.bytes += body.length;
      }
      for (const other of before)
        if (other !== key) {
          await seeds.remove(other);
          count.removed++;
        }
      onProgress({ total, done: ++done });
    };

    const failed = new AbortController();
    const work = async () => {
      for (let next = tiles.next(); !next.done; next = tiles.next()) {
        signal.throwIfAborted();
        if (failed.signal.aborted) return;
        await handle(next.value);
      }
    };
    const workers = Array.from({ length: tilesAtOnce }, () =>
      work().catch((error: unknown) => {
        failed.abort(error);
        throw error;
      }),
    );
    await Promise.allSettled(workers);
    signal.throwIfAborted();
    if (failed.signal.aborted) throw failed.signal.reason;
    return { total: done, ...count };
  }

  /**
   * Removes stored tiles of the zooms and the area, whatever they show, also of services that do not run any more.
   * @throws OpenEOError `ServiceNotFound`
   */
  async truncate(serviceId: string, area: SeedArea, signal: AbortSignal): Promise<SeedSummary> {
    const { seeds } = this.parts;
    const tiling = await this.parts.prepared.tiling(serviceId);
    const ranges = rangesOf(tiling, area, area.bbox ?? [-180, -90, 180, 90]);
    let removed = 0;
    for (const [address, keys] of await seeds.list(serviceId, signal)) {
      const [z, x, y] = address.split('/').map(Number);
      if (!ranges.some((range) => range.z === z && contains(range.x, x) && contains(range.y, y))) continue;
      for (const key of keys) {
        signal.throwIfAborted();
        await seeds.remove(key);
        removed++;
      }
    }
    return { total: removed, made: 0, fresh: 0, removed, bytes: 0 };
  }
}
