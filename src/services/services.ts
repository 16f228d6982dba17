import type { Limiter } from '../base/limiter';
import type { Logger } from '../base/logger';
import type { GraphRunner } from '../graph/runner';
import type { ProcessContext } from '../processes/context';
import type { ObjectStore } from '../store/objects/types';
import { SubjectLogs } from '../store/records/subject-logs';
import type { RecordStore, User } from '../store/records/types';
import type { TileStore } from '../tiles/types';
import { ServiceEvaluator } from './evaluate';
import { TileMaker } from './make-tile';
import { ServiceManager } from './manager';
import { PreparedServices } from './prepared-services';
import { TileRenderer } from './render-tile';
import { ServiceSeeder } from './seed-service';
import { Seeds } from './seeds';

/** Secondary services: their life, their evaluation, their tiles. */
export interface Services {
  readonly manager: ServiceManager;
  readonly prepared: PreparedServices;
  readonly evaluator: ServiceEvaluator;
  readonly renderer: TileRenderer;
  readonly seeder: ServiceSeeder;
  /** Writes the logs that wait and stops what runs. */
  close(): Promise<void>;
}

export function createServices(parts: {
  readonly records: RecordStore;
  /** Tells when the processes that graphs can call have changed. */
  readonly registry: { onChange(listener: () => void): () => void };
  readonly runner: GraphRunner<ProcessContext, User>;
  readonly tileStore?: TileStore;
  readonly objects: ObjectStore;
  readonly logger: Logger;
  readonly limiter: Limiter;
  readonly limits: { readonly pixels: number; readonly seconds: number; readonly memoryBytes: number };
  /** Memory for finished tiles. */
  readonly cacheBytes: number;
}): Services {
  const { records, runner, tileStore, limiter, limits } = parts;
  const stopping = new AbortController();
  const logs = new SubjectLogs(records, parts.logger);
  const prepared = new PreparedServices(records, parts.registry, runner, tileStore, limits.memoryBytes / 8);
  const seeds = new Seeds(parts.objects);
  const evaluator = new ServiceEvaluator({
    runner,
    tileStore,
    logs,
    limiter,
    seconds: limits.seconds,
    stopped: stopping.signal,
  });
  const maker = new TileMaker({ evaluator, limiter, limits, seeds, stopped: stopping.signal });
  const renderer = new TileRenderer({ prepared, maker, logs, cacheBytes: parts.cacheBytes });
  return {
    manager: new ServiceManager({
      records,
      runner,
      tileStore,
      logs,
      limits,
      stopped: stopping.signal,
      onChanged: () => prepared.clear(),
      onRemoved: async (id) => void (await seeds.removeAll(id)),
    }),
    prepared,
    evaluator,
    renderer,
    seeder: new ServiceSeeder({ prepared, maker, seeds }),
    async close() {
      prepared.close();
      stopping.abort(new Error('The server stops'));
      await logs.flush();
    },
  };
}
