import { OpenEOError } from '../base/errors';
import type { Frame } from './execute';
import { injectedUserId } from './parameters';
import type { ParameterCheck, SchemaChecks } from './schema/checks';
import { namesSubtype, schemaKinds, wantsText } from './schema/kinds';
import {
  isCallback,
  LabeledArray,
  OpaqueHandle,
  omittedValue,
  type ParameterSpec,
  type Plan,
  type PlanArgument,
  type PlanNode,
  type RegisteredProcess,
} from './types';

/** Where a process graph stands that is an argument: its node, the argument, and the process that is called. */
export type Place = readonly [node: string, argument: string, process: string];

/** Reads an argument's value while its graph runs. `valueless` means: leave the argument out. */
export type Source = (frame: Frame) => unknown;

export interface ArgumentStep {
  readonly name: string;
  readonly source: Source;
  /** Absent where planning has checked all there is. */
  readonly verify?: (value: unknown) => unknown;
  /** What stands in for a declared parameter without a value; undefined: the argument is left out. */
  readonly fallback: unknown;
  /** Whether the process can do without it. */
  readonly isOptional: boolean;
  /** The parameter that the whole argument is taken from. */
  readonly parameter?: string;
}

export interface Step {
  readonly node: PlanNode;
  readonly arguments: readonly ArgumentStep[];
  readonly body?: Program;
  /** Positions of the nodes that it reads. */
  readonly reads: readonly number[];
  /** Of those, the ones that no later step reads. */
  readonly frees: readonly number[];
}

/** A plan made ready to run: names are positions, schemas are compiled. */
export interface Program {
  readonly plan: Plan;
  readonly steps: readonly Step[];
  readonly result: number;
  /** Positions of the steps that read each step. */
  readonly readers: readonly (readonly number[])[];
  /** Whether the value of each step is used more than once, be it by one step. */
  readonly isShared: readonly boolean[];
  /** How often each of the graph's own parameters is read. */
  readonly uses: ReadonlyMap<string, number>;
  /** The graph's own parameters whose defaults are process graphs. */
  readonly defaults: ReadonlyMap<string, Source>;
  /** @see Callback.verify */
  readonly verify: (process: RegisteredProcess, parameter: string, value: unknown) => unknown;
}

/** Makes programs; one per plan, kept as long as the plan is. */
export class Compiler {
  readonly #programs = new WeakMap<object, Program>();

  constructor(readonly checks: SchemaChecks) {}

  compile(plan: Plan): Program {
    const known = this.#programs.get(plan);
    if (known) return known;
    const program = this.#compile(plan);
    this.#programs.set(plan, program);
    return program;
  }

  #compile(plan: Plan): Program {
    const positions = new Map(plan.nodes.map((node, index) => [node.id, index]));
    const position = (id: string) => positions.get(id) as number;
    const result = position(plan.result);
    const readers: number[][] = plan.nodes.map(() => []);
    const lastReader = new Map<number, number>();
    const uses = new Map<string, number>();
    const nodeUses = plan.nodes.map(() => 0);
    const countNode = (id: string) => {
      nodeUses[position(id)]++;
    };
    for (const [index, node] of plan.nodes.entries()) {
      for (const id of node.reads) {
        readers[position(id)].push(index);
        lastReader.set(position(id), index);
      }
      for (const argument of node.arguments.values()) countUses(argument, uses, countNode);
    }
    const steps = plan.nodes.map((node, index): Step => {
      const reads = node.reads.map(position);
      return {
        node,
        reads,
        arguments: [...node.arguments].map(([name, argument]) =>
          this.#argument(node, name, argument, position),
        ),
        body: node.body ? this.compile(node.body as Plan) : undefined,
        frees: reads.filter((slot) => slot !== result && lastReader.get(slot) === index),
      };
    });
    const defaults = new Map(
      [...plan.defaults].map(
        ([name, argument]) =>
          [name, this.#source(argument, position, ['parameters', name, 'of the graph'])] as const,
      ),
    );
    return {
      plan,
      steps,
      result,
      readers,
      isShared: nodeUses.map((count) => count > 1),
      uses,
      defaults,
      verify: this.#verify,
    };
  }

  readonly #verify: Program['verify'] = (process, name, value) => {
    const spec = process.spec.parameters?.find((parameter) => parameter.name === name);
    return spec ? this.#verifier(process, spec)(value) : value;
  };

  #verifier(process: RegisteredProcess, spec: ParameterSpec): (value: unknown) => unknown {
    const isAnswered = process.module?.answers?.includes(spec.name);
    const takesLabels = !process.module || labelled.has(spec.name) || !schemaKinds(spec.schema)?.has('array');
    const check = this.checks.of(spec, process.spec.exceptions, isAnswered);
    return verifier(process.id, spec, check, takesLabels);
  }

  #argument(
    { id, process, body }: PlanNode,
    name: string,
    argument: PlanArgument,
    position: (id: string) => number,
  ): ArgumentStep {
    const spec = process.spec.parameters?.find((parameter) => parameter.name === name) as ParameterSpec;
    return {
      name,
      source: this.#source(argument, position, [id, name, process.id]),
      ...(isSettled(argument) ? {} : { verify: this.#verifier(process, spec) }),
      fallback: body?.defaults.has(name) ? undefined : omittedValue(process, spec),
      isOptional: spec.optional === true,
      ...(argument.kind === 'parameter' ? { parameter: argument.name } : {}),
    };
  }

  #source(argument: PlanArgument, position: (id: string) => number, place: Place): Source {
    switch (argument.kind) {
      case 'literal': {
        const { value } = argument;
        return () => value;
      }
      case 'node': {
        const slot = position(argument.node);
        return (frame) => frame.values[slot];
      }
      case 'parameter': {
        const { name } = argument;
        return (frame) => frame.scope.resolve(name);
      }
      case 'array': {
        const items = argument.items.map((item) => this.#part(item, position, place));
        return (frame) => items.map((item) => item(frame));
      }
      case 'object': {
        const entries = [...argument.entries].map(
          ([key, item]) => [key, this.#part(item, position, place)] as const,
        );
        return (frame) => Object.fromEntries(entries.map(([key, item]) => [key, item(frame)]));
      }
      case 'callback': {
        const program = this.compile(argument.plan);
        return (frame) => frame.callback(program, argument, place);
      }
    }
  }

  /** A value inside an array or object: it cannot be left out, and nothing opaque may hide there. */
  #part(argument: PlanArgument, position: (id: string) => number, place: Place): Source {
    const source = this.#source(argument, position, place);
    if (argument.kind === 'parameter') {
      const { name } = argument;
      return (frame) => refuseOpaque(frame.require(name));
    }
    return source;
  }
}

function refuseOpaque(value: unknown): unknown {
  const subtype = opaqueSubtype(value);
  if (subtype !== undefined)
    throw new OpenEOError('ProcessGraphInvalid', {
      reason: `a ${subtype} can only be a whole argument, not a part of an array or object.`,
    });
  return value;
}

/** The subtype of a value that must not become data: only parameters that name the subtype take it. */
export function opaqueSubtype(value: unknown): string | undefined {
  if (value instanceof OpaqueHandle) return value.subtype;
  return isCallback(value) ? 'process-graph' : undefined;
}

/** True when the value cannot depend on the run, so that validation has seen it. */
function isSettled(argument: PlanArgument): boolean {
  switch (argument.kind) {
    case 'literal':
    case 'callback':
      return true;
    case 'array':
      return argument.items.every(isSettled);
    case 'object':
      return [...argument.entries.values()].every(isSettled);
    default:
      return false;
  }
}

function countUses(argument: PlanArgument, uses: Map<string, number>, countNode: (id: string) => void): void {
  const count = (part: PlanArgument) => countUses(part, uses, countNode);
  if (argument.kind === 'parameter') uses.set(argument.name, (uses.get(argument.name) ?? 0) + 1);
  else if (argument.kind === 'node') countNode(argument.node);
  else if (argument.kind === 'callback')
    for (const name of argument.plan.free) uses.set(name, (uses.get(name) ?? 0) + 1);
  else if (argument.kind === 'array') argument.items.forEach(count);
  else if (argument.kind === 'object') argument.entries.forEach(count);
}

/** Parameters of function-defined processes that take arrays together with their labels. */
const labelled = new Set(['data', 'array1', 'array2', 'values']);

function withoutLabels(value: unknown): unknown {
  if (value instanceof LabeledArray) return value.values.map(withoutLabels);
  if (!Array.isArray(value)) return value;
  return value.some((item) => typeof item === 'object') ? value.map(withoutLabels) : value;
}

/** Checks a value of the run and gives what the process shall see of it. */
function verifier(
  process: string,
  { name, schema }: ParameterSpec,
  check: ParameterCheck,
  takesLabels: boolean,
) {
  const isText = wantsText(schema);
  return (given: unknown): unknown => {
    const labelled = isText ? (injectedUserId(given) ?? given) : given;
    const value = takesLabels ? labelled : withoutLabels(labelled);
    const [violation] = check.check(value);
    if (violation) {
      const reason = `${violation.path === '' ? 'it' : violation.path} ${violation.reason}.`;
      throw new OpenEOError('ProcessParameterInvalid', { process, parameter: name, reason });
    }
    const subtype = opaqueSubtype(value);
    if (subtype !== undefined && !namesSubtype(schema, subtype)) {
      const reason = `it takes no ${subtype}.`;
      throw new OpenEOError('ProcessParameterInvalid', { process, parameter: name, reason });
    }
    return value;
  };
}
