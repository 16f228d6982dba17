import type { Callback, Plan, PlanArgument, PlanNode } from '../../graph/types';
import type { DataType } from '../../raster/cube';
import { commonType } from '../../raster/missing-values';

/** Processes that return values that they are given, and the arguments that they take them from. */
const pickers = new Map([
  ['first', ['data']],
  ['last', ['data']],
  ['min', ['data']],
  ['max', ['data']],
  ['array_element', ['data']],
  ['sort', ['data']],
  ['rearrange', ['data']],
  ['array_append', ['data', 'value']],
  ['array_concat', ['array1', 'array2']],
  ['array_create', ['data']],
  ['array_filter', ['data']],
  ['array_modify', ['data', 'values']],
  ['constant', ['x']],
  ['if', ['accept', 'reject']],
]);

const truths = new Set(
  (
    'eq neq gt gte lt lte between and or xor not all any is_nan is_nodata is_valid is_infinite ' +
    'array_contains text_begins text_contains text_ends date_between'
  ).split(' '),
);

const texts = new Set(['text_concat', 'date_shift']);

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
export function callbackResultType(
  { plan, parameters }: Callback,
  input: DataType,
  labels: readonly (number | string)[] = [],
): DataType {
  const nodes = new Map(plan.nodes.map((node) => [node.id, node]));
  const own = new Set(parameters.filter((name) => name !== 'context'));
  let steps = 0;

  /** Undefined: says nothing, as null does. */
  const ofArgument = (argument: PlanArgument | undefined): DataType | undefined => {
    if (!argument) return undefined;
    if (argument.kind === 'node') return ofNode(nodes.get(argument.node));
    if (argument.kind === 'parameter') return own.has(argument.name) ? input : computedType(input);
    if (argument.kind === 'array') return common(argument.items.map(ofArgument));
    return argument.kind === 'literal' ? ofLiteral(argument.value) : computedType(input);
  };
  const ofLiteral = (value: unknown): DataType | undefined => {
    if (value === null) return undefined;
    if (Array.isArray(value)) return common(value.map(ofLiteral));
    if (typeof value === 'string') return 'text';
    if (typeof value === 'boolean') return 'boolean';
    return input === 'text' ? 'float64' : computedType(input);
  };
  const ofNode = (node: PlanNode | undefined): DataType | undefined => {
    if (!node || node.body || ++steps > maxSteps) return computedType(input);
    const process = node.process.id;
    if (truths.has(process)) return 'boolean';
    if (texts.has(process)) return 'text';
    if (process === 'array_labels' && labels.some((label) => typeof label === 'string')) return 'text';
    const sources = pickers.get(process);
    if (!sources) return input === 'text' ? 'float32' : computedType(input);
    return common(sources.map((name) => ofArgument(node.arguments.get(name))));
  };
  return ofNode(resultNode(plan)) ?? input;
}

function common(types: readonly (DataType | undefined)[]): DataType | undefined {
  const known = types.filter((type) => type !== undefined);
  return known.length === 0 ? undefined : known.reduce(commonType);
}

function resultNode(plan: Plan): PlanNode | undefined {
  return plan.nodes.find((node) => node.id === plan.result);
}
