import { silentLogger } from '../../../src/base/logger';
import { parseCrs } from '../../../src/geo/crs';
import type { Grid } from '../../../src/geo/types';
import { createGraphRunner } from '../../../src/graph/run';
import type { GraphNode } from '../../../src/graph/types';
import type { ProcessContext } from '../../../src/processes/context';
import {
  type Block,
  type Cube,
  type Dimension,
  isHorizontal,
  layerDimensions,
  type Window,
} from '../../../src/raster/cube';
import { MemoryBudget } from '../../../src/raster/memory/budget';
import { memoryCube } from '../../../src/raster/memory-cube';
import { predefinedProcesses } from '../../support/predefined';

export const signal = new AbortController().signal;

let world: ReturnType<typeof createWorld> | undefined;

const memory = new MemoryBudget(2 ** 30);

/** The predefined processes through the real registry and executor. */
async function createWorld() {
  const { checks, limits, registry } = await predefinedProcesses<ProcessContext>();
  return (context: Partial<ProcessContext>) =>
    createGraphRunner<ProcessContext, string>({
      registry,
      checks,
      limits,
      withSignal: (present, readSignal) => ({ ...present, signal: readSignal }),
      createContext: (request) =>
        ({ logger: silentLogger, memory, ...context, signal: request.signal }) as ProcessContext,
    });
}

/**
 * Runs a graph. Cubes and other values are its parameters.
 * @param context what processes receive beside signal and logger.
 */
export async function runGraph(
  nodes: Readonly<Record<string, GraphNode>>,
  values: Readonly<Record<string, unknown>> = {},
  context: Partial<ProcessContext> = {},
): Promise<unknown> {
  world ??= createWorld();
  const runner = (await world)(context);
  const plan = await runner.plan({ process_graph: nodes }, { supplied: new Set(Object.keys(values)) });
  return await runner.run(plan, {
    parameters: new Map(Object.entries(values)),
    signal,
    logger: silentLogger,
  });
}

/** Runs one process. Arguments that are cubes become parameters of the graph. */
export async function runProcess(
  id: string,
  args: Readonly<Record<string, unknown>>,
  context: Partial<ProcessContext> = {},
): Promise<unknown> {
  const values: Record<string, unknown> = {};
  const entries = Object.entries(args).map(([name, value]) => {
    if (!(typeof value === 'object' && value !== null && 'read' in value)) return [name, value] as const;
    values[name] = value;
    return [name, { from_parameter: name }] as const;
  });
  return await runGraph(
    { node: { process_id: id, arguments: Object.fromEntries(entries), result: true } },
    values,
    context,
  );
}

export async function runCube(
  id: string,
  args: Readonly<Record<string, unknown>>,
  context: Partial<ProcessContext> = {},
): Promise<Cube> {
  return (await runProcess(id, args, context)) as Cube;
}

/** A callback of one process. */
export function callback(process: string, args: Readonly<Record<string, unknown>>): object {
  return { process_graph: { only: { process_id: process, arguments: args, result: true } } };
}

export const from = (name: string) => ({ from_parameter: name });
export const fromNode = (id: string) => ({ from_node: id });

/** A reducer of `data`. */
export const reducer = (process: string, rest: object = {}) =>
  callback(process, { data: from('data'), ...rest });

export const utm = parseCrs(32632);

export function gridOf(width: number, height: number, rest: Partial<Grid> = {}): Grid {
  return { crs: utm, originX: 600_000, originY: 5_200_000, resX: 10, resY: 10, width, height, ...rest };
}

export const x: Dimension = { type: 'spatial', name: 'x', axis: 'x' };
export const y: Dimension = { type: 'spatial', name: 'y', axis: 'y' };
export const times = (...labels: string[]): Dimension => ({ type: 'temporal', name: 't', labels });
export const bands = (...labels: string[]): Dimension => ({ type: 'bands', name: 'bands', labels });

export type Form = Cube['missing'];

export interface CubeOptions {
  readonly form?: Form;
  readonly dataType?: Cube['dataType'];
  readonly grid?: Grid;
}

/** A cube in memory; null is missing. Values in C order over the layers, rows and columns. */
export function cubeOf(
  dimensions: readonly Dimension[],
  values: readonly unknown[],
  { form = 'nan', dataType = 'float32', grid }: CubeOptions = {},
): Cube {
  const isText = dataType === 'text';
  const data = isText
    ? [...values]
    : Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value)));
  const valid = form === 'mask' ? Uint8Array.from(values, (value) => (value === null ? 0 : 1)) : undefined;
  return memoryCube({ dimensions, grid, data, valid, missing: form, dataType });
}

/** A block's values in a row; null is missing. */
export function valuesOf(cube: Pick<Cube, 'missing' | 'dataType'>, block: Block): unknown[] {
  return Array.from({ length: block.data.length }, (_, i) => {
    const value = block.data[i];
    const isMissing = block.valid ? block.valid[i] === 0 : cube.missing === 'nan' && Number.isNaN(value);
    if (isMissing) return null;
    return cube.dataType === 'boolean' && typeof value === 'number' ? value !== 0 : value;
  });
}

export async function readAll(cube: Cube, window: Partial<Window> = {}): Promise<unknown[]> {
  const block = await cube.read({ grid: cube.grid, ...window }, signal);
  expect(block.data).toHaveLength(block.shape.reduce((total, length) => total * length, 1));
  return valuesOf(cube, block);
}

/** Names of the dimensions with their labels; `grid` for x and y of a grid. */
export function describeCube(cube: Cube): Record<string, unknown> {
  return Object.fromEntries(
    cube.dimensions.map((dimension) => [
      dimension.name,
      isHorizontal(cube, dimension) ? 'grid' : [...(dimension.labels ?? [])],
    ]),
  );
}

/** Numbers of labels of the layers. */
export function layerCounts(cube: Cube): number[] {
  return layerDimensions(cube).map((dimension) => dimension.labels?.length ?? 0);
}

/** The code that a promise is refused with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as { code?: string }).code ?? `no code: ${String((error as Error).stack)}`;
  }
  return 'no error';
}
