import { type Callback, omittedValue, type Plan, type PlanArgument, type PlanNode } from '../graph/types';
import type { DataType } from '../raster/cube';
import { Builder } from './builder';
import { NodeTable, NoKernel, type ValueType } from './nodes';
import { type Constant, constant, type Kernel, type Operand } from './operands';
import type { CallbackInput, CallbackShape } from './types';

/** Larger callbacks take the general path: planning their kernels would cost more than it saves. */
const maxNodes = 60_000;
const maxDepth = 100;

/** Where the pixels of a plane come from. */
export interface PlaneSource {
  readonly parameter: string;
  readonly element: number;
  readonly type: ValueType;
  /** The cube's, where it is known. */
  readonly dataType?: DataType;
}

/** A callback as values per pixel. */
export interface Trace {
  readonly builder: Builder;
  readonly planes: readonly PlaneSource[];
  readonly result: Operand;
}

interface Scope {
  readonly parameters: ReadonlyMap<string, Operand>;
  lookup(name: string): Operand;
}

/**
 * Follows a callback with a symbol for every value per pixel, so that what remains is straight-line arithmetic.
 *
 * @throws NoKernel, KernelTooLarge where the general path has to be taken;
 *   ProcessException where every pixel would throw it.
 */
export function traceCallback(callback: Callback, shape: CallbackShape): Trace {
  const { builder, planes, operands } = inputsOf(shape);
  const absent = callback.parameters.map((name): [string, Operand] => [name, constant(null)]);
  const parameters = new Map([...absent, ...operands]);
  const scope: Scope = { parameters, lookup: (name) => constant(callback.lookup(name)) };
  return { builder, planes, result: new Tracer(builder, callback.verify).plan(callback.plan, scope, 0) };
}

/** The same of one process, whose arguments are the inputs. @throws NoKernel */
export function traceKernel(kernel: Kernel, shape: CallbackShape): Trace {
  const { builder, planes, operands } = inputsOf(shape);
  const result = kernel(operands, builder);
  if (!result) throw new NoKernel();
  return { builder, planes, result };
}

function inputsOf({ inputs, missing }: CallbackShape) {
  const builder = new Builder(new NodeTable(maxNodes), missing);
  const planes: PlaneSource[] = [];
  const operands = new Map<string, Operand>();
  for (const [name, input] of inputs) operands.set(name, inputOperand(name, input, builder, planes));
  return { builder, planes, operands };
}

function inputOperand(
  parameter: string,
  input: CallbackInput,
  builder: Builder,
  planes: PlaneSource[],
): Operand {
  if (input.kind === 'value') return constant(input.value);
  if (input.dataType === 'text') throw new NoKernel();
  const type = input.dataType === 'boolean' ? 'boolean' : 'number';
  const plane = (element: number) =>
    builder.plane(planes.push({ parameter, element, type, dataType: input.dataType }) - 1, type);
  if (input.kind === 'plane') return plane(0);
  const items = Array.from({ length: input.length }, (_, element) => plane(element));
  return { kind: 'array', items, labels: input.labels };
}

class Tracer {
  constructor(
    readonly builder: Builder,
    readonly verify: Callback['verify'],
  ) {}

  plan(plan: Plan, scope: Scope, depth: number): Operand {
    if (depth > maxDepth) throw new NoKernel();
    const values = new Map<string, Operand>();
    const wanted = new Set([plan.result]);
    for (let i = plan.nodes.length - 1; i >= 0; i--)
      if (wanted.has(plan.nodes[i].id)) for (const id of plan.nodes[i].reads) wanted.add(id);
    for (const node of plan.nodes)
      if (wanted.has(node.id)) values.set(node.id, this.#node(node, scope, values, depth));
    const result = values.get(plan.result);
    if (!result) throw new NoKernel();
    return result;
  }

  #node(node: PlanNode, scope: Scope, values: ReadonlyMap<string, Operand>, depth: number): Operand {
    const args = new Map<string, Operand>();
    for (const [name, argument] of node.arguments) {
      const operand = this.#argument(argument, scope, values, depth);
      if (operand) args.set(name, this.#verified(node, name, argument, operand));
    }
    for (const parameter of node.process.spec.parameters ?? []) {
      const value = omittedValue(node.process, parameter);
      if (!args.has(parameter.name) && value !== undefined) args.set(parameter.name, constant(value));
    }
    if (node.body) {
      const lookup = (): never => {
        throw new NoKernel();
      };
      return this.plan(node.body, { parameters: args, lookup }, depth + 1);
    }
    const { module } = node.process;
    if (typeof module?.kernel !== 'function') throw new NoKernel();
    // What has a kernel is pure, so a call with known arguments is a constant.
    if ([...args.values()].every(isConstant)) {
      const plain: Record<string, unknown> = Object.create(null);
      for (const [name, operand] of args) plain[name] = (operand as Constant).value;
      const value = module.run(plain, undefined as never);
      if (value instanceof Promise) throw new NoKernel();
      return constant(value);
    }
    const result = (module.kernel as Kernel)(args, this.builder);
    if (!result) throw new NoKernel();
    return result;
  }

  /** Values of references are checked as in a call. @throws NoKernel: what is wrong with them the call tells */
  #verified({ process }: PlanNode, name: string, argument: PlanArgument, operand: Operand): Operand {
    if (!this.verify || argument.kind === 'literal') return operand;
    if (operand.kind === 'array') {
      if (
        operand.items.some(
          (item) => isConstant(item) && typeof item.value === 'object' && item.value !== null,
        )
      )
        throw new NoKernel();
      return operand;
    }
    if (!isConstant(operand)) return operand;
    try {
      return constant(this.verify(process, name, operand.value));
    } catch {
      throw new NoKernel();
    }
  }

  #argument(
    argument: PlanArgument,
    scope: Scope,
    values: ReadonlyMap<string, Operand>,
    depth: number,
  ): Operand | undefined {
    switch (argument.kind) {
      case 'literal':
        return constant(argument.value);
      case 'node':
        return values.get(argument.node);
      case 'parameter':
        return scope.parameters.get(argument.name) ?? scope.lookup(argument.name);
      case 'array': {
        const items = argument.items.map(
          (item) => this.#argument(item, scope, values, depth) ?? constant(null),
        );
        return items.every(isConstant)
          ? constant(items.map((item) => (item as Constant).value))
          : { kind: 'array', items };
      }
      case 'object': {
        const plain: Record<string, unknown> = Object.create(null);
        for (const [name, entry] of argument.entries) {
          const value = this.#argument(entry, scope, values, depth);
          if (!value || !isConstant(value)) throw new NoKernel();
          plain[name] = value.value;
        }
        return constant(plain);
      }
      case 'callback':
        return {
          kind: 'callback',
          inline: (own) => {
            const parameters = new Map<string, Operand>();
            for (const name of argument.parameters) parameters.set(name, own.get(name) ?? constant(null));
            const lookup = (name: string) => scope.parameters.get(name) ?? scope.lookup(name);
            return this.plan(argument.plan, { parameters, lookup }, depth + 1);
          },
        };
    }
  }
}

function isConstant(operand: Operand): operand is Constant {
  return operand.kind === 'constant';
}
