import { LRUCache } from 'lru-cache';
import { OpenEOError } from '../base/errors';
import { type TileMatrixSet, tileMatrixSet } from '../geo/tile-matrix-set';
import { tileParameterNames } from '../graph/reserved';
import type { GraphRunner } from '../graph/runner';
import type { Plan, ProcessDefinition } from '../graph/types';
import type { ProcessContext } from '../processes/context';
import type { ChangeTopic, RecordStore, ServiceRecord, User } from '../store/records/types';
import type { TileStore } from '../tiles/types';
import { type XyzSettings, xyzSettings } from './configuration';
import { suppliedTo } from './tile-store-access';

/** A service and the grid of its tiles, which are known also where its graph cannot be run any more. */
export interface ServiceTiling {
  readonly service: ServiceRecord;
  readonly settings: XyzSettings;
  readonly matrixSet: TileMatrixSet;
}

/** A service with everything that does not depend on the tile: its settings and the plan of its graph. */
export interface PreparedService extends ServiceTiling {
  readonly definition: ProcessDefinition;
  readonly plan: Plan<ProcessContext>;
  /** The graph changes something: it is run for every request, and for nothing else. */
  readonly writes: boolean;
  /** The graph refers to the tile's address, so that it cannot be evaluated once for all tiles. */
  readonly readsTile: boolean;
  /** The graph refers to the user, so that nothing of it is shared between users. */
  readonly readsUser: boolean;
}

/** @throws OpenEOError `ServiceConfigInvalid` */
function tilingOf(service: ServiceRecord): ServiceTiling {
  const settings = xyzSettings(service.configuration);
  const matrixSet = tileMatrixSet(settings.tilematrixset);
  if (!matrixSet)
    throw new OpenEOError('ServiceConfigInvalid', {
      parameter: 'tilematrixset',
      reason: 'it is not served any more',
    });
  return { service, settings, matrixSet };
}

/**
 * Reads the settings of a service and plans its graph.
 * @throws OpenEOError `ServiceConfigInvalid`, `ProcessGraphMissing`, and what is wrong with the graph
 */
export async function prepareService(
  service: ServiceRecord,
  owner: User | undefined,
  runner: GraphRunner<ProcessContext, User>,
  tileStore: TileStore | undefined,
): Promise<PreparedService> {
  const tiling = tilingOf(service);
  const definition = definitionOf(service.process);
  const plan = await runner.plan(definition, {
    user: owner,
    ...suppliedTo(tiling.settings, tileStore, owner),
  });
  return {
    ...tiling,
    definition,
    plan,
    writes: plan.effects === 'write',
    readsTile: [...plan.free].some((name) => tileParameterNames.has(name)),
    readsUser: plan.free.has('_openeo_user'),
  };
}

/** @throws OpenEOError `ProcessGraphMissing` */
function definitionOf(process: Readonly<Record<string, unknown>>): ProcessDefinition {
  const graph = process['process_graph'];
  if (typeof graph !== 'object' || graph === null || Array.isArray(graph))
    throw new OpenEOError('ProcessGraphMissing');
  return process as unknown as ProcessDefinition;
}

const relevant: readonly ChangeTopic[] = ['services', 'stored_processes', 'users'];

/** Services that are being asked for, ready to run; forgotten whenever something that they are made of may have changed. */
export class PreparedServices {
  readonly #cache: LRUCache<string, Promise<PreparedService>>;
  readonly #stop: () => void;

  constructor(
    private readonly records: Pick<RecordStore, 'services' | 'users' | 'onChange'>,
    registry: { onChange(listener: () => void): () => void },
    private readonly runner: GraphRunner<ProcessContext, User>,
    private readonly tileStore: TileStore | undefined,
    /** What their plans may take in memory. */
    maxBytes: number,
  ) {
    this.#cache = new LRUCache({ max: 1000, maxSize: maxBytes });
    const stopRecords = records.onChange((topic) => {
      if (relevant.includes(topic)) this.clear();
    });
    const stopRegistry = registry.onChange(() => this.clear());
    this.#stop = () => {
      stopRecords();
      stopRegistry();
    };
  }

  clear(): void {
    this.#cache.clear();
  }

  close(): void {
    this.#stop();
  }

  /** @throws OpenEOError `ServiceNotFound`, and what is wrong with a graph whose processes have gone */
  async get(id: string): Promise<PreparedService> {
    let prepared = this.#cache.get(id);
    if (!prepared) {
      const made = this.#prepare(id);
      prepared = made;
      this.#cache.set(id, made, { size: 1 });
      made.then(
        ({ plan }) => {
          // One that is too large by itself is not kept.
          if (this.#cache.peek(id) === made)
            this.#cache.set(id, made, { size: Math.max(1, this.runner.sizeOf(plan)) });
        },
        () => {
          if (this.#cache.peek(id) === made) this.#cache.delete(id);
        },
      );
    }
    return prepared;
  }

  /** @throws OpenEOError `ServiceNotFound`, `ServiceConfigInvalid` */
  async tiling(id: string): Promise<ServiceTiling> {
    return tilingOf(await this.#find(id));
  }

  async #find(id: string): Promise<ServiceRecord> {
    const service = await this.records.services.get(id);
    if (!service) throw new OpenEOError('ServiceNotFound', { identifier: id });
    return service;
  }

  async #prepare(id: string): Promise<PreparedService> {
    const service = await this.#find(id);
    const owner = await this.records.users.get(service.ownerId);
    return prepareService(service, owner, this.runner, this.tileStore);
  }
}
