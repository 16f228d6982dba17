import type { VariableInfo } from './types';

/** An attribute that is text; undefined where there is none, or it is none. */
export function text(variable: VariableInfo | undefined, name: string): string | undefined {
  const value = variable?.attributes.get(name);
  return typeof value === 'string' ? value : undefined;
}

/** An attribute that is a number, or the first of several; undefined where there is none, or it is none. */
export function number(variable: VariableInfo, name: string): number | undefined {
  const value = variable.attributes.get(name);
  const first: unknown = Array.isArray(value) ? value[0] : value;
  if (typeof first === 'number') return first;
  return first === 'NaN' ? Number.NaN : undefined;
}
