import { parentPort, workerData } from 'node:worker_threads';
import { silentLogger } from './base/logger';
import { createHttpClient } from './base/net';
import { packagePath } from './base/paths';
import { pairBuiltins } from './graph/library/builtin';
import { readFolder } from './graph/library/folder';
import { injectedUser } from './graph/parameters';
import { createGraphRunner } from './graph/run';
import type { RunRequest } from './graph/runner';
import { SchemaChecks } from './graph/schema/checks';
import {
  type Answer,
  type PortableRun,
  type Request,
  signatureOf,
  unpackRun,
} from './graph/threads/messages';
import { fromPortablePlan } from './graph/threads/portable-plan';
import { RecentIds } from './graph/threads/recent-ids';
import { replayContext } from './graph/threads/recorder';
import type { ThreadSettings } from './graph/threads/start';
import { rememberedRuns } from './graph/threads/thread';
import { SavedResult } from './graph/types';
import type { ProcessContext } from './processes/context';
import { BlockExchange } from './raster/block-exchange';
import { type Block, type Cube, isCube } from './raster/cube';
import { MemoryBudget } from './raster/memory/budget';
import { accountReads } from './raster/memory/reads';
import { createRasterReader } from './raster/reader';
import { takeOver } from './raster/recycled';
import { shareReads } from './raster/shared-reads';

/** A repeated run, and what it needs of the thread. */
interface Repeat extends RunRequest<never> {
  readonly run: PortableRun;
}

/** Reads windows of cubes for the main thread, by repeating the runs that they come from. */
async function main(settings: ThreadSettings): Promise<void> {
  const port = parentPort!;
  const logger = silentLogger;
  const http = createHttpClient({ allowedHosts: settings.allowedHosts, logger });
  const exchange = settings.blocks && new BlockExchange(settings.blocks.table, settings.blocks.number);
  const raster = createRasterReader({
    http,
    logger,
    exchange,
    cacheBytes: settings.cacheBytes,
    maxValues: settings.maxValues,
  });
  const builtins = pairBuiltins<ProcessContext>(
    await readFolder(packagePath('processes')),
    `${__dirname}/processes`,
  );
  const find = (id: string) => builtins.get(id);
  const memory = new MemoryBudget(settings.memoryBytes);
  const runner = createGraphRunner<ProcessContext, never>({
    registry: { find },
    checks: new SchemaChecks(),
    limits: { nodes: Number.POSITIVE_INFINITY, depth: Number.POSITIVE_INFINITY },
    shareReads,
    accountReads: (cube) => accountReads(cube, memory),
    createContext: (request) => {
      const { run, signal } = request as Repeat;
      return replayContext(run.recording, { signal, logger, raster, memory });
    },
  });

  /** @throws Error where the run does not come to the same cube; whatever the graph throws */
  async function repeat(run: PortableRun): Promise<Cube> {
    const plan = fromPortablePlan(run.plan, find);
    const parameters = new Map(run.parameters);
    const user = parameters.get('_openeo_user') as
      | { user_id: string; name: string; roles: string[] }
      | undefined;
    // Which object is the injected user is known by identity, which cloning loses.
    if (user) parameters.set('_openeo_user', injectedUser({ ...user, id: user.user_id }));
    const request: Repeat = { run, parameters, signal: new AbortController().signal, logger };
    const value = await runner.run(plan, request);
    const cube = value instanceof SavedResult ? value.data : value;
    if (!isCube(cube) || signatureOf(cube) !== run.signature)
      throw new Error('the repeated run came to another result');
    return cube;
  }

  const cubes = new Map<number, Promise<Cube>>();
  const recent = new RecentIds(rememberedRuns);
  const aborts = new Map<number, AbortController>();
  const post = (answer: Answer, transfer: readonly ArrayBuffer[] = []) => port.postMessage(answer, transfer);

  function cubeOf({ runId, run }: Extract<Request, { type: 'read' }>): Promise<Cube> {
    const { dropped } = recent.use(runId);
    if (dropped !== undefined) cubes.delete(dropped);
    let cube = cubes.get(runId);
    if (!cube) {
      cube = repeat(unpackRun(run!));
      cube.catch(() => {});
      cubes.set(runId, cube);
    }
    return cube;
  }

  async function read(request: Extract<Request, { type: 'read' }>): Promise<void> {
    const { id, window } = request;
    const controller = new AbortController();
    aborts.set(id, controller);
    try {
      const cube = await cubeOf(request);
      const block = owned(await cube.read(window, controller.signal));
      const { data, valid } = block;
      const buffers = [data, valid].filter((array) => ArrayBuffer.isView(array));
      post(
        { type: 'block', id, block },
        buffers.map(({ buffer }) => buffer as ArrayBuffer),
      );
    } catch (error) {
      post({ type: 'failed', id, reason: error instanceof Error ? error.message : String(error) });
    } finally {
      aborts.delete(id);
    }
  }

  port.on('message', (request: Request) => {
    if (request.type === 'read') void read(request);
    else if (request.type === 'peer') exchange?.join(request.number, request.port);
    else aborts.get(request.id)?.abort(new Error('nobody waits for it'));
  });
  post({ type: 'ready' });
}

/** Arrays that can be given away: copies where they may be in caches, or parts of larger ones. */
function owned({ shape, data, valid }: Block): Omit<Block, 'grid'> {
  return {
    shape,
    data: takeOver(data) ? data : (data.slice() as Block['data']),
    ...(valid && { valid: takeOver(valid) ? valid : valid.slice() }),
  };
}

void main(workerData as ThreadSettings);
