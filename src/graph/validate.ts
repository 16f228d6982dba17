import { type Issues, type Place, pointerTo } from './issue';
import type { Find, LinkedProcess } from './linked';
import { readsOf, sortTopologically } from './order';
import type { ParsedArgument, ParsedGraph, ParsedNode } from './parse';
import { hasMisplacedGraph, probe } from './probe';
import { isReservedName } from './reserved';
import type { SchemaChecks } from './schema/checks';
import {
  areDisjoint,
  callbackParameters,
  callbackReturns,
  schemaKinds,
  unexpectedResult,
} from './schema/kinds';
import type { ParameterSpec } from './types';

/** Which names a graph may refer to. */
export interface NameScope {
  /** Names that enclosing callbacks and the graph's own declarations give. */
  readonly names: ReadonlySet<string>;
  /** Any other name may be supplied as well: what hands out the parameters is not known. */
  readonly isOpen: boolean;
  /** Explains a name that is not there. */
  explain?(name: string): { readonly code: string; readonly message: string } | undefined;
}

export interface Validation<C> {
  readonly find: Find<C>;
  readonly checks: SchemaChecks;
  readonly issues: Issues;
}

/** Adds every problem of a graph and the graphs inside it. Recursion follows JSON depth, which is bounded. */
export function validateGraph<C>(graph: ParsedGraph, scope: NameScope, validation: Validation<C>): void {
  validateParameters(graph.parameters, validation);
  const declared = new Set([...scope.names, ...graph.parameters.map(({ name }) => name)]);
  const inner: NameScope = { ...scope, names: declared };
  const reads = readsOf(graph);
  for (const cycle of sortTopologically(reads).cycles) {
    const node = graph.nodes.get(cycle[0]) as ParsedNode;
    validation.issues.invalid(`nodes refer to each other in a circle: ${describeCycle(cycle)}.`, {
      node: node.path,
      pointer: node.pointer,
    });
  }
  for (const node of graph.nodes.values()) {
    if (validation.issues.isFull) return;
    new NodeValidator(graph, node, inner, validation).validate();
  }
  for (const { name, schema } of graph.parameters) {
    const nested = graph.defaults.get(name);
    const own = new Set(callbackParameters(schema, []));
    if (nested) validateGraph(nested, { names: own, isOpen: false }, validation);
  }
}

/** `a → b → a`, shortened in the middle. */
export function describeCycle(cycle: readonly string[]): string {
  const shown = cycle.length > 12 ? [...cycle.slice(0, 6), '…', ...cycle.slice(-5)] : cycle;
  return shown.join(' → ');
}

function validateParameters<C>(
  parameters: readonly ParameterSpec[],
  { checks, issues }: Validation<C>,
): void {
  for (const parameter of parameters) {
    const { name } = parameter;
    if (isReservedName(name)) {
      const reason = 'only the server gives this name a value; call the parameter otherwise.';
      issues.add('ProcessParameterInvalid', { process: 'of the graph', parameter: name, reason });
    }
    try {
      checks.of(parameter);
    } catch (error) {
      const reason = `the schema of the parameter ${name} cannot be used: ${(error as Error).message}.`;
      issues.add('ProcessInvalid', { reason });
    }
  }
}

class NodeValidator<C> {
  readonly #linked: LinkedProcess<C> | undefined;

  constructor(
    readonly graph: ParsedGraph,
    readonly node: ParsedNode,
    readonly scope: NameScope,
    readonly validation: Validation<C>,
  ) {
    this.#linked = validation.find(node.process, node.namespace);
  }

  validate(): void {
    const { node } = this;
    if (!this.#linked) {
      const details = { process: node.process, namespace: node.namespace ?? 'backend or user' };
      this.validation.issues.add('ProcessUnsupported', details, this.#place());
    } else {
      this.#validateBody(this.#linked);
      const { parameters } = this.#linked.process.spec;
      // Nothing is known of a process that could not be fetched.
      if (parameters || !this.#linked.body?.issues.length) this.#validatePresence(parameters ?? []);
    }
    for (const [name, argument] of node.arguments) this.#validateArgument(name, argument);
  }

  #place(argument?: string, pointer?: string): Place {
    const { node } = this;
    if (argument === undefined) return { node: node.path, pointer: node.pointer };
    return { node: node.path, argument, pointer: pointer ?? pointerTo(node.pointer, 'arguments', argument) };
  }

  #validateBody({ body }: LinkedProcess<C>): void {
    if (!body || body.issues.length === 0) return;
    const [first] = body.issues;
    const where = first.node?.length ? ` at ${first.node.join(' / ')}` : '';
    const message = `The process ${this.node.process} cannot be used${where}: ${first.message}`;
    this.validation.issues.push({ ...this.#place(), code: first.code, message });
  }

  #validatePresence(parameters: readonly ParameterSpec[]): void {
    const { issues } = this.validation;
    const { process } = this.node;
    for (const { name, optional } of parameters)
      if (optional !== true && !this.node.arguments.has(name))
        issues.add('ProcessParameterRequired', { process, parameter: name }, this.#place(name));
    const names = new Set(parameters.map(({ name }) => name));
    for (const name of this.node.arguments.keys()) {
      if (issues.isFull) return;
      if (!names.has(name)) {
        const known = names.size === 0 ? 'It has none.' : `It has: ${[...names].join(', ')}.`;
        const message = `The process ${process} has no parameter ${name}. ${known}`;
        issues.add('ProcessParameterUnsupported', {}, this.#place(name), message);
      }
    }
  }

  #validateArgument(name: string, argument: ParsedArgument): void {
    const spec = this.#linked?.process.spec;
    const parameter = spec?.parameters?.find((candidate) => candidate.name === name);
    this.#walk(name, argument, parameter, []);
    if (
      !parameter ||
      argument.kind === 'parameter' ||
      argument.kind === 'broken' ||
      this.#linked?.body?.issues.length
    )
      return;
    if (argument.kind === 'node') this.#validateKind(name, argument, parameter);
    else this.#validateValue(name, argument, parameter);
  }

  #validateValue(name: string, argument: ParsedArgument, parameter: ParameterSpec): void {
    const spec = this.#linked?.process.spec;
    const { value, isPartial } = probe(argument);
    const isAnswered = this.#linked?.process.module?.answers?.includes(name);
    const check = this.validation.checks.of(parameter, spec?.exceptions, isAnswered);
    const violations = isPartial ? check.checkPartial(value) : check.check(value);
    const isMisplaced = violations.length === 0 && hasMisplacedGraph(argument, parameter, []);
    const found = isMisplaced ? [{ path: '', reason: 'must not be or hold a process graph' }] : violations;
    for (const { path, reason } of found) {
      const place = this.#place(name, pointerTo(this.node.pointer, 'arguments', name) + path);
      const details = {
        process: this.node.process,
        parameter: name,
        reason: `${path === '' ? 'it' : path} ${reason}.`,
      };
      this.validation.issues.add('ProcessParameterInvalid', details, place);
    }
  }

  /** Schemas of function-defined processes are kept by the functions; those that users write may be wrong. */
  #validateKind(name: string, argument: { node: string }, parameter: ParameterSpec): void {
    const source = this.graph.nodes.get(argument.node);
    const from = source && this.validation.find(source.process, source.namespace)?.process;
    if (!from?.module || !areDisjoint(from.spec.returns?.schema, parameter.schema)) return;
    const reason = `the node ${argument.node} (${from.id}) gives a value of another type.`;
    const details = { process: this.node.process, parameter: name, reason };
    this.validation.issues.add('ProcessParameterInvalid', details, this.#place(name));
  }

  #walk(
    name: string,
    argument: ParsedArgument,
    parameter: ParameterSpec | undefined,
    path: readonly (string | number)[],
  ): void {
    switch (argument.kind) {
      case 'node':
        if (!this.graph.nodes.has(argument.node) && !this.graph.broken.has(argument.node))
          this.validation.issues.invalid(
            `there is no node ${JSON.stringify(argument.node)} in this graph to take a value from.`,
            this.#place(name, argument.pointer),
          );
        return;
      case 'parameter':
        this.#validateName(name, argument.name, argument.pointer);
        return;
      case 'array':
        for (const [index, item] of argument.items.entries())
          this.#walk(name, item, parameter, [...path, index]);
        return;
      case 'object':
        for (const [key, item] of argument.entries) this.#walk(name, item, parameter, [...path, key]);
        return;
      case 'graph': {
        const own = parameter && callbackParameters(parameter.schema, path);
        const scope = {
          ...this.scope,
          names: new Set([...this.scope.names, ...(own ?? [])]),
          isOpen: this.scope.isOpen || own === undefined,
        };
        validateGraph(argument.graph, scope, this.validation);
        if (parameter) this.#validateReturns(name, argument.graph, parameter, path);
      }
    }
  }

  /** What a process graph gives has to be what its caller expects, as far as that is known. */
  #validateReturns(
    name: string,
    graph: ParsedGraph,
    parameter: ParameterSpec,
    path: readonly (string | number)[],
  ): void {
    const expected = callbackReturns(parameter.schema, path);
    const last = graph.result === undefined ? undefined : graph.nodes.get(graph.result);
    const from = last && this.validation.find(last.process, last.namespace)?.process;
    // No-data is right everywhere, but a process that gives it and what is never right is wrong all the same.
    const given = [...((from?.module && schemaKinds(from.spec.returns?.schema)) ?? [])].filter(
      (kind) => kind !== 'null',
    );
    if (!expected || given.length === 0 || given.some((kind) => expected.has(kind))) return;
    const reason = unexpectedResult(given.join(' or '), expected);
    const details = { process: this.node.process, parameter: name, reason };
    this.validation.issues.add('ProcessParameterInvalid', details, this.#place(name));
  }

  #validateName(argument: string, name: string, pointer: string): void {
    if (this.scope.isOpen || this.scope.names.has(name)) return;
    const place = this.#place(argument, pointer);
    const explained = this.scope.explain?.(name);
    if (explained) {
      this.validation.issues.push({ ...place, code: explained.code, message: explained.message });
      return;
    }
    const message = `The process ${this.node.process} needs a value for its parameter ${argument}, but the parameter ${JSON.stringify(name)} that it is taken from has none here: declare it under "parameters".`;
    this.validation.issues.add('ProcessParameterRequired', {}, place, message);
  }
}
