import { OpenEOError } from '../base/errors';
import type { TileAddress } from '../geo/types';
import type { TileMaker } from './make-tile';
import type { PreparedService, PreparedServices } from './prepared-services';
import { includes, rangesOf, type SeedArea, tileCount, tilesOf } from './seed-area';
import { type SeedTrial, trySeeding } from './seed-trial';
import type { Seeds } from './seeds';
import { serviceBounds } from './tilejson';

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

function refuse(reason: string, cause?: unknown): OpenEOError {
  return new OpenEOError('ServiceNotSeedable', { reason }, { cause });
}

function nameOf({ z, x, y }: TileAddress): string {
  return `${z}/${x}/${y}`;
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
    const { prepared, ranges, total } = await this.#plan(serviceId, area, signal);
    const stored = await seeds.list(serviceId, signal);
    const count = { made: 0, fresh: 0, removed: 0, bytes: 0 };
    let done = 0;
    const tiles = tilesOf(ranges);

    const handle = async (tile: TileAddress) => {
      const { tag, draw } = await maker.tileForAll(prepared, tile, signal);
      const before = stored.get(nameOf(tile)) ?? [];
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

  /** What `seed` would take, by tiles of each zoom that are drawn and thrown away. @throws as `seed` */
  async tryOut(serviceId: string, area: SeedArea, signal: AbortSignal): Promise<SeedTrial> {
    const { maker, seeds } = this.parts;
    const { prepared, ranges, total } = await this.#plan(serviceId, area, signal);
    const stored = await seeds.list(serviceId, signal);
    const trial = await trySeeding(ranges, tilesAtOnce, signal, async (tile) => {
      const { tag, draw } = await maker.tileForAll(prepared, tile, signal);
      const isFresh = stored.get(nameOf(tile))?.includes(seeds.key(serviceId, tile, tag));
      return isFresh ? undefined : (await draw()).length;
    });
    return { ...trial, tiles: total, pixels: total * prepared.settings.tileSize ** 2 };
  }

  /** @throws as `prepare`; OpenEOError `ServiceNotSeedable` for too many tiles */
  async #plan(serviceId: string, area: SeedArea, signal: AbortSignal) {
    const { prepared, bounds } = await this.prepare(serviceId, signal);
    const ranges = rangesOf(prepared, area, bounds);
    const total = tileCount(ranges);
    if (total > maxTiles)
      throw refuse(
        `that would be ${total.toLocaleString('en')} tiles; ask for fewer zooms or a smaller area.`,
      );
    return { prepared, ranges, total };
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
      if (!includes(ranges, { z, x, y })) continue;
      for (const key of keys) {
        signal.throwIfAborted();
        await seeds.remove(key);
        removed++;
      }
    }
    return { total: removed, made: 0, fresh: 0, removed, bytes: 0 };
  }
}
