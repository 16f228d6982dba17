import type { ParsedArgument } from './parse';
import { callbackParameters } from './schema/kinds';
import { callbackPlaceholder, unknownValue } from './schema/values';
import type { ParameterSpec } from './types';

/** Open schemas accept anything but process graphs: nobody would run those, and they must not become data. */
export function hasMisplacedGraph(
  argument: ParsedArgument,
  parameter: ParameterSpec,
  path: readonly (string | number)[],
): boolean {
  if (argument.kind === 'graph') return callbackParameters(parameter.schema, path) === undefined;
  if (argument.kind === 'array')
    return argument.items.some((item, index) => hasMisplacedGraph(item, parameter, [...path, index]));
  return (
    argument.kind === 'object' &&
    [...argument.entries].some(([key, item]) => hasMisplacedGraph(item, parameter, [...path, key]))
  );
}

/** The argument with placeholders where only a run knows the value. */
export function probe(argument: ParsedArgument): { value: unknown; isPartial: boolean } {
  switch (argument.kind) {
    case 'literal':
      return { value: argument.value, isPartial: false };
    case 'graph':
      return { value: callbackPlaceholder, isPartial: false };
    case 'array': {
      const items = argument.items.map(probe);
      return { value: items.map(({ value }) => value), isPartial: items.some((item) => item.isPartial) };
    }
    case 'object': {
      const entries = [...argument.entries].map(([key, item]) => [key, probe(item)] as const);
      return {
        value: Object.fromEntries(entries.map(([key, { value }]) => [key, value])),
        isPartial: entries.some(([, item]) => item.isPartial),
      };
    }
    default:
      return { value: unknownValue, isPartial: true };
  }
}
