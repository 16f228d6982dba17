import type { Callback, Plan, PlanArgument, PlanNode } from '../../graph/types';
import type { DataType } from '../../raster/cube';
import { commonType } from '../../raster/missing-values';

/** Processes that return one of the values they are given, and the arguments that they take it from. */
const pickers = new Map([
  ['first', ['data']],
  ['last', ['data']],
  ['min', ['data']],
  ['max', ['data']],
  ['array_element', ['data']],
  ['sort', ['data']],
  ['rearrange', ['data']],
  ['constant', ['x']],
  ['if', ['accept', 'reject']],
]);

const truths = new Set(
  (
    'eq neq gt gte lt lte between and or xor not all any is_nan is_nodata is_valid is_infinite ' +
    'array_contains text_begins text_contains text_ends date_between'
  ).split(' '),
);

/** The type that holds what has no narrower one: float32 where the input's values fit into it. */
export function computedType(input: DataType): DataType {
  if (input === 'text') return 'text';
  return input === 'float64' || input === 'int32' || input === 'uint32' ? 'float64' : 'float32';
}

/** How far a chain of picking processes is followed. */
const maxSteps = 100;

/**
 * The type of what a callback makes of values of one type, as far as its last processes tell:
 * picking a value keeps the type, comparing makes truth values, all else computes.
 */
export function callbackResultType({ plan, parameters }: Callback, input: DataType): DataType {
  const nodes = new Map(plan.nodes.map((node) => [node.id, node]));
  const own = new Set(parameters.filter((name) => name !== 'context'));
  let steps = 0;

  /** Undefined: says nothing, as null does. */
  const ofArgument = (argument: PlanArgument | undefined): DataType | undefined => {
    if (!argument) return undefined;
    if (argument.kind === 'node') return ofNode(nodes.get(argument.node));
    if (argument.kind === 'parameter') return own.has(argument.name) ? input : computedType(input);
    if (argument.kind !== 'literal') return computedType(input);
    if (argument.value === null) return undefined;
    if (typeof argument.value === 'string') return 'text';
    return typeof argument.value === 'boolean' ? 'boolean' : computedType(input);
  };
  const ofNode = (node: PlanNode | undefined): DataType | undefined => {
    if (!node || node.body || ++steps > maxSteps) return computedType(input);
    const process = node.process.id;
    if (truths.has(process)) return 'boolean';
    if (process.startsWith('text_')) return 'text';
    const sources = pickers.get(process);
    if (!sources) return input === 'text' ? 'float32' : computedType(input);
    const types = sources
      .map((name) => ofArgument(node.arguments.get(name)))
      .filter((type) => type !== undefined);
    return types.length === 0 ? undefined : types.reduce(commonType);
  };
  return ofNode(resultNode(plan)) ?? input;
}

function resultNode(plan: Plan): PlanNode | undefined {
  return plan.nodes.find((node) => node.id === plan.result);
}
