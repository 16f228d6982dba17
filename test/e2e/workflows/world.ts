import { silentLogger } from '../../../src/base/logger';
import { createHttpClient } from '../../../src/base/net';
import { subGrid } from '../../../src/geo/grid';
import type { Grid } from '../../../src/geo/types';
import { createGraphRunner } from '../../../src/graph/run';
import type { GraphNode } from '../../../src/graph/types';
import type { ProcessContext } from '../../../src/processes/context';
import type { Cube } from '../../../src/raster/cube';
import { layerLengths, product } from '../../../src/raster/layers';
import { createRasterReader } from '../../../src/raster/reader';
import { openCatalog } from '../../../src/store/catalog/open';
import { createUdfRuntimes } from '../../../src/udf/runtimes';
import { predefinedProcesses } from '../../support/predefined';

export const signal = new AbortController().signal;

export interface WorkflowWorld {
  /** Runs a graph; without kernels every callback takes the general path, pixel by pixel. */
  run(nodes: Readonly<Record<string, GraphNode>>, hasKernels: boolean): Promise<unknown>;
  close(): Promise<void>;
}

/** The real processes over real collections. */
export async function openWorkflows(collections: readonly string[]): Promise<WorkflowWorld> {
  const logger = silentLogger;
  const http = createHttpClient({ allowedHosts: [], logger });
  const raster = createRasterReader({ http, logger });
  const catalog = await openCatalog({ collections, http, logger });
  const udf = createUdfRuntimes({ threads: 1, memoryBytes: 64 * 2 ** 20, seconds: 60 });
  const { checks, limits, registry } = await predefinedProcesses<ProcessContext>();
  const withoutKernels: typeof registry.find = (id, namespace) => {
    const found = registry.find(id, namespace);
    const module = found?.process.module;
    return module
      ? { ...found, process: { ...found.process, module: { ...module, kernel: undefined } } }
      : found;
  };
  const runnerWith = (find: typeof registry.find) =>
    createGraphRunner<ProcessContext, string>({
      registry: { find },
      checks,
      limits,
      createContext: (request) =>
        ({
          logger,
          catalog,
          raster,
          limits: { pixels: 1e8 },
          udf: { ...udf, session: udf.openSession('tester') },
          signal: request.signal,
        }) as unknown as ProcessContext,
    });
  const runners = [runnerWith(withoutKernels), runnerWith(registry.find)];
  return {
    async run(nodes, hasKernels) {
      const runner = runners[Number(hasKernels)];
      const plan = await runner.plan({ process_graph: nodes }, {});
      return runner.run(plan, { parameters: new Map(), signal, logger });
    },
    async close() {
      await registry.close();
      await udf.close();
      await raster.close();
      await http.close();
    },
  };
}

/** All layers of a grid, read in squares of `side` pixels; NaN is missing. */
export async function readInChunks(cube: Cube, grid: Grid, side: number): Promise<Float64Array> {
  const layers = product(layerLengths(cube, { grid }));
  const { width, height } = grid;
  const whole = new Float64Array(layers * width * height);
  for (let row = 0; row < height; row += side)
    for (let column = 0; column < width; column += side) {
      const [across, down] = [Math.min(side, width - column), Math.min(side, height - row)];
      const { data, valid } = await cube.read({ grid: subGrid(grid, column, row, across, down) }, signal);
      for (let layer = 0; layer < layers; layer++)
        for (let y = 0; y < down; y++)
          for (let x = 0; x < across; x++) {
            const at = (layer * down + y) * across + x;
            const isMissing = valid !== undefined && valid[at] === 0;
            whole[(layer * height + row + y) * width + column + x] = isMissing
              ? Number.NaN
              : Number(data[at]);
          }
    }
  return whole;
}

/** Values without a grid; NaN is missing. */
export async function readValues(cube: Cube): Promise<Float64Array> {
  const { data, valid } = await cube.read({}, signal);
  return Float64Array.from(data as Float64Array, (value, i) =>
    valid?.[i] === 0 ? Number.NaN : Number(value),
  );
}
