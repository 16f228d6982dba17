import type { OpenEOError } from '../../src/base/errors';
import { silentLogger } from '../../src/base/logger';
import type { GraphLimits } from '../../src/graph/limits';
import { createGraphRunner, type RunnerOptions } from '../../src/graph/run';
import type { RunRequest } from '../../src/graph/runner';
import { SchemaChecks } from '../../src/graph/schema/checks';
import {
  type Arguments,
  type Callback,
  type GraphIssue,
  LabeledArray,
  type ParameterSpec,
  type ProcessDefinition,
  type ProcessModule,
  type ProcessSpec,
} from '../../src/graph/types';

/** What the test processes receive. */
export interface TestContext {
  readonly signal: AbortSignal;
  readonly calls: string[];
}

export interface TestProcess {
  readonly spec: ProcessSpec;
  readonly module: ProcessModule<TestContext>;
}

const number = { type: 'number' };
const any = { description: 'anything' };

export function parameter(name: string, schema: ParameterSpec['schema'], rest: Partial<ParameterSpec> = {}) {
  return { name, description: name, schema, ...rest };
}

export function testProcess(
  id: string,
  parameters: readonly ParameterSpec[],
  run: (args: Arguments, context: TestContext) => unknown = (args) => args,
  rest: Partial<ProcessSpec> & { effects?: 'write' } = {},
): TestProcess {
  const { effects, ...spec } = rest;
  return {
    spec: { id, description: id, parameters, returns: { schema: any }, ...spec },
    module: {
      run: (args, context) => {
        context.calls.push(id);
        return run(args, context);
      },
      ...(effects ? { effects } : {}),
    },
  };
}

export function callbackSchema(...names: string[]) {
  return {
    type: 'object',
    subtype: 'process-graph',
    parameters: names.map((name) => parameter(name, any)),
    returns: { schema: any },
  };
}

const x = parameter('x', number);
const y = parameter('y', number);

/** A small world: numbers, arrays, callbacks, things that take time, fail or write. */
export const testProcesses: readonly TestProcess[] = [
  testProcess('add', [x, y], (args) => (args.x as number) + (args.y as number), {
    returns: { schema: number },
  }),
  testProcess(
    'multiply',
    [x, parameter('y', number, { optional: true, default: 2 })],
    (args) => (args.x as number) * (args.y as number),
    { returns: { schema: number } },
  ),
  testProcess('is_positive', [x], (args) => (args.x as number) > 0, {
    returns: { schema: { type: 'boolean' } },
  }),
  testProcess('constant', [parameter('x', any)], (args) => args.x),
  testProcess('list', [parameter('data', { type: 'array', items: any })], (args) => args.data),
  testProcess('text', [parameter('text', { type: 'string' })], (args) => args.text),
  testProcess(
    'later',
    [parameter('x', any), parameter('ms', number, { optional: true, default: 0 })],
    async (args, { signal }) => {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(resolve, args.ms as number);
        signal.addEventListener('abort', () => {
          clearTimeout(timer);
          reject(signal.reason);
        });
      });
      return args.x;
    },
  ),
  testProcess(
    'map',
    [
      parameter('data', { type: 'array', items: any }),
      parameter('process', callbackSchema('x', 'context')),
      parameter('context', any, { optional: true, default: null }),
    ],
    (args) => {
      const callback = args.process as Callback;
      const data = args.data instanceof LabeledArray ? args.data.values : (args.data as unknown[]);
      const values = data.map((value) => callback.invoke?.({ x: value, context: args.context }));
      return values.some((value) => value instanceof Promise) ? Promise.all(values) : values;
    },
  ),
  testProcess('call', [parameter('process', callbackSchema())], (args) =>
    (args.process as Callback).invoke?.({}),
  ),
  testProcess('label', [parameter('data', { type: 'array', items: any })], (args) => {
    const data = args.data as unknown[];
    return new LabeledArray(
      data.map((_, index) => `l${index}`),
      data,
    );
  }),
  testProcess('fail', [], () => {
    throw new TypeError('a bug');
  }),
  testProcess('record', [parameter('x', any)], (args) => args.x, { effects: 'write' }),
];

export interface World {
  readonly processes?: readonly TestProcess[];
  readonly limits?: GraphLimits;
  readonly stored?: Readonly<Record<string, unknown>>;
  readonly options?: Partial<RunnerOptions<TestContext, string>>;
}

/** A runner over test processes. Stored processes belong to every user. */
export function createWorld({ processes = testProcesses, limits, stored = {}, options }: World = {}) {
  const byId = new Map(
    processes.map(({ spec, module }) => [
      spec.id,
      {
        process: {
          id: spec.id,
          namespace: 'backend',
          spec,
          module,
          effects: module.effects ?? ('none' as const),
        },
      },
    ]),
  );
  const calls: string[] = [];
  const asked: string[] = [];
  const runner = createGraphRunner<TestContext, string>({
    registry: {
      find: (id, namespace) =>
        namespace === undefined || namespace === 'backend' ? byId.get(id) : undefined,
    },
    checks: new SchemaChecks(),
    limits: limits ?? { nodes: 20_000, depth: 60 },
    createContext: ({ signal }) => ({ signal, calls }),
    storedProcess: async (_, id) => {
      asked.push(id);
      return Object.hasOwn(stored, id) ? (stored[id] as Record<string, unknown>) : undefined;
    },
    ...options,
  });
  const request = (
    parameters: Readonly<Record<string, unknown>> = {},
    rest: Partial<RunRequest<string>> = {},
  ) => ({
    user: 'ann',
    parameters: new Map(Object.entries(parameters)),
    signal: new AbortController().signal,
    logger: silentLogger,
    ...rest,
  });
  return {
    runner,
    calls,
    asked,
    request,
    /** Plans and runs; the parameters are what the run supplies. */
    async run(definition: ProcessDefinition, parameters: Readonly<Record<string, unknown>> = {}) {
      const plan = await runner.plan(definition, {
        user: 'ann',
        supplied: new Set(Object.keys(parameters)),
      });
      return runner.run(plan, request(parameters));
    },
    /** Without `supplied`, any name may be supplied later. */
    validate: (definition: unknown, supplied?: readonly string[]) =>
      runner.validate(definition as ProcessDefinition, {
        user: 'ann',
        supplied: supplied && new Set(supplied),
      }),
  };
}

/** A process with this graph. */
export function graph(
  nodes: Readonly<Record<string, unknown>>,
  parameters?: readonly ParameterSpec[],
): ProcessDefinition {
  return {
    process_graph: nodes as ProcessDefinition['process_graph'],
    ...(parameters ? { parameters } : {}),
  };
}

export function node(process: string, args: Readonly<Record<string, unknown>>, rest: object = {}) {
  return { process_id: process, arguments: args, ...rest };
}

export const result = { result: true };
export const from = (id: string) => ({ from_node: id });
export const param = (name: string) => ({ from_parameter: name });

/** The error that a promise ends with. */
export async function rejection(promise: Promise<unknown>): Promise<OpenEOError> {
  try {
    await promise;
  } catch (error) {
    return error as OpenEOError;
  }
  throw new Error('It did not fail');
}

/** What is wrong and where, in short. */
export const codes = (issues: readonly GraphIssue[]) =>
  issues.map(({ code, pointer }) => `${code} ${pointer}`);
