import { countParts, isDeeperThan, isNestedArray } from '../base/json';
import { Issues, pointerTo } from './issue';
import { callbackParameters } from './schema/kinds';
import { freezeCopy, isJsonObject, maxJsonDepth } from './shape';
import type { GraphIssue, ParameterSpec } from './types';

/** An argument as written. Arrays and objects without references inside are literals. */
export type ParsedArgument =
  | { readonly kind: 'literal'; readonly value: unknown }
  | { readonly kind: 'node'; readonly node: string; readonly pointer: string }
  | { readonly kind: 'parameter'; readonly name: string; readonly pointer: string }
  | { readonly kind: 'array'; readonly items: readonly ParsedArgument[] }
  | { readonly kind: 'object'; readonly entries: ReadonlyMap<string, ParsedArgument> }
  | { readonly kind: 'graph'; readonly graph: ParsedGraph; readonly pointer: string }
  /** Reported already. */
  | { readonly kind: 'broken' };

export interface ParsedNode {
  readonly id: string;
  /** Node ids, and names of the arguments that hold graphs, from the outermost graph inwards. */
  readonly path: readonly string[];
  readonly pointer: string;
  readonly process: string;
  readonly namespace: string | undefined;
  readonly arguments: ReadonlyMap<string, ParsedArgument>;
}

export interface ParsedGraph {
  readonly nodes: ReadonlyMap<string, ParsedNode>;
  /** Nodes that are there but cannot be read; reported already. */
  readonly broken: ReadonlySet<string>;
  /** Absent when the graph has no result node, or several. */
  readonly result?: string;
  readonly parameters: readonly ParameterSpec[];
  /** Defaults of its parameters that are process graphs. */
  readonly defaults: ReadonlyMap<string, ParsedGraph>;
}

export interface ParseResult {
  readonly graph?: ParsedGraph;
  readonly issues: readonly GraphIssue[];
}

/** Reads a process with a process graph: its structure alone, not what its processes are. */
export function parseProcess(definition: unknown): ParseResult {
  const issues = new Issues();
  if (!isJsonObject(definition)) {
    issues.add('ProcessInvalid', { reason: 'it must be an object with a "process_graph".' });
    return { issues: issues.list };
  }
  if (
    isDeeperThan(definition.process_graph, maxJsonDepth) ||
    isDeeperThan(definition.parameters, maxJsonDepth)
  ) {
    const reason = `arrays and objects nest more than ${maxJsonDepth} levels deep.`;
    issues.add('ProcessGraphComplexity', { reason });
    return { issues: issues.list };
  }
  if (definition.process_graph === undefined || definition.process_graph === null) {
    issues.add('ProcessGraphMissing', {});
    return { issues: issues.list };
  }
  const graph = new Parser(issues).graph(definition, [], '');
  return { graph, issues: issues.list };
}

/** In the schemas of all parameters together. */
const maxSchemaValues = 10_000;

class Parser {
  #schemaValues = 0;

  constructor(readonly issues: Issues) {}

  graph(
    definition: Readonly<Record<string, unknown>>,
    path: readonly string[],
    pointer: string,
  ): ParsedGraph {
    const parameters = this.parameters(definition.parameters, path, pointer);
    const defaults = this.defaults(parameters, path, pointer);
    const nodes = new Map<string, ParsedNode>();
    const json = definition.process_graph;
    if (!isJsonObject(json)) {
      this.issues.invalid('a process graph must be an object with a node for each key.', {
        node: path,
        pointer,
      });
      return { nodes, parameters, defaults, broken: new Set() };
    }
    const results: string[] = [];
    const broken = new Set<string>();
    for (const [id, value] of Object.entries(json)) {
      if (this.issues.isFull) break;
      const node = this.node(id, value, [...path, id], pointerTo(pointer, id));
      if (node) nodes.set(id, node);
      else broken.add(id);
      if (isJsonObject(value) && value.result === true) results.push(id);
    }
    const place = { node: path, pointer };
    if (Object.keys(json).length === 0) this.issues.invalid('it has no nodes.', place);
    else if (results.length === 0 && broken.size === 0)
      this.issues.invalid(
        'no node is the result; add "result": true to the one whose value is wanted.',
        place,
      );
    else if (results.length > 1)
      this.issues.invalid(
        `${results.length} nodes are marked as the result (${results.slice(0, 5).join(', ')}); keep "result": true on one.`,
        place,
      );
    return { nodes, broken, parameters, defaults, result: results.length === 1 ? results[0] : undefined };
  }

  parameters(json: unknown, path: readonly string[], pointer: string): readonly ParameterSpec[] {
    if (json === undefined || json === null) return [];
    const place = { node: path, pointer };
    if (!Array.isArray(json)) {
      this.issues.add('ProcessInvalid', { reason: '"parameters" must be an array.' }, place);
      return [];
    }
    if (this.#hasHugeSchemas(json)) {
      const reason = `the schemas of its parameters have more than ${maxSchemaValues.toLocaleString('en')} values.`;
      this.issues.add('ProcessGraphComplexity', { reason }, place);
      return [];
    }
    const byName = new Map<string, ParameterSpec>();
    for (const [index, item] of json.entries()) {
      const reason = parameterProblem(item) ?? (byName.has(item.name) ? 'its name appears twice' : undefined);
      if (reason) this.issues.add('ProcessInvalid', { reason: `parameter ${index + 1}: ${reason}.` }, place);
      else byName.set(item.name, freezeCopy(item) as ParameterSpec);
    }
    return [...byName.values()];
  }

  /** Schemas are compiled, which takes a tenth of a millisecond per value. */
  #hasHugeSchemas(parameters: readonly unknown[]): boolean {
    const schemas = parameters.map((parameter) => isJsonObject(parameter) && parameter.schema);
    this.#schemaValues += countParts(schemas, maxSchemaValues);
    return this.#schemaValues > maxSchemaValues;
  }

  defaults(
    parameters: readonly ParameterSpec[],
    path: readonly string[],
    pointer: string,
  ): ReadonlyMap<string, ParsedGraph> {
    const graphs = new Map<string, ParsedGraph>();
    for (const { name, schema, default: value } of parameters)
      if (isJsonObject(value) && value.process_graph !== undefined && callbackParameters(schema, []))
        graphs.set(name, this.graph(value, [...path, name], pointer));
    return graphs;
  }

  node(id: string, json: unknown, path: readonly string[], pointer: string): ParsedNode | undefined {
    const place = { node: path, pointer };
    const found = this.issues.count;
    if (!isJsonObject(json)) {
      this.issues.invalid('a node must be an object with "process_id" and "arguments".', place);
      return undefined;
    }
    const { process_id: process, arguments: values, namespace } = json;
    if (typeof process !== 'string' || process === '')
      this.issues.invalid('"process_id" must be the id of a process.', place);
    if (!isJsonObject(values)) this.issues.invalid('"arguments" must be an object.', place);
    if (namespace !== undefined && namespace !== null && typeof namespace !== 'string')
      this.issues.invalid('"namespace" must be text or null.', place);
    if (json.result !== undefined && typeof json.result !== 'boolean')
      this.issues.invalid('"result" must be true or false.', place);
    const isBroken = this.issues.count > found;
    const parsed = new Map<string, ParsedArgument>();
    for (const [name, value] of Object.entries(isJsonObject(values) ? values : {}))
      parsed.set(name, this.argument(value, path, name, pointerTo(pointer, 'arguments', name)));
    if (isBroken) return undefined;
    return {
      ...{ id, path, pointer, process: process as string, arguments: parsed },
      namespace: typeof namespace === 'string' ? namespace : undefined,
    };
  }

  argument(value: unknown, path: readonly string[], argument: string, pointer: string): ParsedArgument {
    if (typeof value !== 'object' || value === null) return { kind: 'literal', value };
    if (Array.isArray(value)) {
      // Mostly numbers, and very many of them: each on its own would cost a hundred times as much.
      if (isNestedArray(value)) return { kind: 'literal', value: freezeCopy(value) };
      const items = value.map((item, index) =>
        this.argument(item, path, argument, pointerTo(pointer, index)),
      );
      if (items.every(isLiteral)) return literal(items.map((item) => item.value));
      return { kind: 'array', items };
    }
    const json = value as Readonly<Record<string, unknown>>;
    const place = { node: path, argument, pointer };
    for (const key of ['from_node', 'from_parameter'] as const)
      if (Object.hasOwn(json, key)) {
        const target = json[key];
        if (typeof target !== 'string')
          this.issues.invalid(`"${key}" must be text, the name of what is referred to.`, place);
        else if (Object.keys(json).length > 1)
          this.issues.invalid(`an object with "${key}" is a reference and can have no other keys.`, place);
        if (typeof target !== 'string' || Object.keys(json).length > 1) return { kind: 'broken' };
        return key === 'from_node'
          ? { kind: 'node', node: target, pointer }
          : { kind: 'parameter', name: target, pointer };
      }
    if (Object.hasOwn(json, 'process_graph'))
      return {
        kind: 'graph',
        graph: this.graph(json, [...path, argument], pointerTo(pointer, 'process_graph')),
        pointer,
      };
    const entries = Object.entries(json).map(
      ([key, item]) => [key, this.argument(item, path, argument, pointerTo(pointer, key))] as const,
    );
    if (entries.every(([, item]) => isLiteral(item)))
      return literal(
        Object.fromEntries(entries.map(([key, item]) => [key, (item as { value: unknown }).value])),
      );
    return { kind: 'object', entries: new Map(entries) };
  }
}

function isLiteral(argument: ParsedArgument): argument is { kind: 'literal'; value: unknown } {
  return argument.kind === 'literal';
}

/** The parts are frozen already. */
function literal(value: object): ParsedArgument {
  return { kind: 'literal', value: Object.freeze(value) };
}

function parameterProblem(json: unknown): string | undefined {
  if (!isJsonObject(json)) return 'it must be an object with "name" and "schema"';
  if (typeof json.name !== 'string' || json.name === '') return 'it needs a "name"';
  if (!isJsonObject(json.schema) && !(Array.isArray(json.schema) && json.schema.every(isJsonObject)))
    return 'it needs a "schema": a JSON Schema or an array of them';
  if (json.optional !== undefined && typeof json.optional !== 'boolean')
    return '"optional" must be true or false';
  return undefined;
}

/** Every argument in a graph that is itself a graph, outermost first; recursion ends as JSON depth is bounded. */
export function* nestedGraphs(argument: ParsedArgument): Generator<ParsedGraph> {
  if (argument.kind === 'graph') yield argument.graph;
  else if (argument.kind === 'array') for (const item of argument.items) yield* nestedGraphs(item);
  else if (argument.kind === 'object')
    for (const item of argument.entries.values()) yield* nestedGraphs(item);
}
