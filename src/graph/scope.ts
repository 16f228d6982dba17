import type { ParameterSpec } from './types';

/** No scope declares the name. */
export const undeclared: unique symbol = Symbol('undeclared');
/** The name is declared, but has neither a value nor a default. */
export const valueless: unique symbol = Symbol('valueless');

/**
 * The parameters that a graph sees: its own and, for a callback, those of the scopes that it is written in.
 * A value in the nearest scope wins; without any value, the default of the outermost scope that has one
 * (the rule of the openEO API, "Accessing process parameters").
 */
export class Scope {
  constructor(
    readonly values: ReadonlyMap<string, unknown>,
    readonly declared: readonly ParameterSpec[],
    readonly parent?: Scope,
  ) {}

  /** The value, {@link valueless} or {@link undeclared}. */
  resolve(name: string): unknown {
    for (let scope: Scope | undefined = this; scope; scope = scope.parent) {
      const value = scope.values.get(name);
      if (value !== undefined) return value;
    }
    let found: unknown = undeclared;
    for (let scope: Scope | undefined = this; scope; scope = scope.parent)
      for (const parameter of scope.declared)
        if (parameter.name === name) {
          if (parameter.default !== undefined) found = parameter.default;
          else if (found === undeclared) found = valueless;
        }
    return found;
  }
}
