import { Issues } from '../issue';
import type { GraphLimits } from '../limits';
import { type Definition, linkDefinitions } from '../link';
import { callsOf, type Find, type LinkedProcess } from '../linked';
import type { SchemaChecks } from '../schema/checks';
import type { Problem, Source } from './sources';

export interface Assembly<C> {
  readonly linked: ReadonlyMap<string, LinkedProcess<C>>;
  readonly problems: readonly Problem[];
  /** The sources with `good` brought up to date. */
  readonly sources: readonly Source[];
}

/**
 * Links all sources at once. One whose present version fails runs in the last version that worked, if that
 * still does; one that never worked is left out. Either way every reason is reported.
 */
export function assemble<C>(
  sources: readonly Source[],
  options: {
    readonly builtins: ReadonlyMap<string, LinkedProcess<C>>;
    readonly checks: SchemaChecks;
    readonly limits: GraphLimits;
  },
): Assembly<C> {
  const problems = new Map<Source, Problem>();
  const chosen = choose(sources, options.builtins, problems);
  const known: Find<C> = (id, namespace) =>
    namespace === undefined || namespace === 'backend' ? options.builtins.get(id) : undefined;
  for (;;) {
    const definitions = new Map([...chosen].map(([id, { definition }]) => [id, definition]));
    const linked = linkDefinitions<C>(definitions, { ...options, known });
    const failed = new Set([...linked].filter(([, { body }]) => !body?.plan).map(([id]) => id));
    const roots = rootsOf(failed, definitions).map((id) => ({ id, ...(chosen.get(id) as Choice) }));
    // In a circle the one that changed goes back to what it was; the others are not at fault.
    const changed = roots.filter(({ source, definition }) => source.good && source.good !== definition);
    for (const { id, source, definition } of changed.length > 0 ? changed : roots) {
      const issues = linked.get(id)?.body?.issues ?? [];
      if (!problems.has(source)) problems.set(source, { source: source.name, issues });
      if (source.good && source.good !== definition) chosen.set(id, { source, definition: source.good });
      else chosen.delete(id);
    }
    if (failed.size > 0) continue;
    return {
      linked,
      problems: [...problems.values()],
      sources: sources.map((source) => remember(source, chosen)),
    };
  }
}

/** Those that fail by their own fault; where all fail each other, those in circles rather than their callers. */
function rootsOf(
  failed: ReadonlySet<string>,
  definitions: ReadonlyMap<string, Definition>,
): readonly string[] {
  const calls = new Map(
    [...failed].map((id) => {
      const graph = definitions.get(id)?.parsed.graph;
      const callees = graph ? [...callsOf(graph)].map(({ process }) => process) : [];
      return [id, callees.filter((callee) => failed.has(callee))] as const;
    }),
  );
  const roots = [...failed].filter((id) => calls.get(id)?.every((callee) => callee === id));
  if (roots.length > 0) return roots;
  const circular = new Set(failed);
  for (let size = Number.POSITIVE_INFINITY; circular.size < size; ) {
    size = circular.size;
    const called = new Set([...circular].flatMap((id) => calls.get(id) ?? []));
    for (const id of circular) if (!called.has(id)) circular.delete(id);
  }
  return [...circular];
}

interface Choice {
  readonly source: Source;
  readonly definition: Definition;
}

/** The first source of an id has it; predefined processes cannot be replaced. */
function choose<C>(
  sources: readonly Source[],
  builtins: ReadonlyMap<string, LinkedProcess<C>>,
  problems: Map<Source, Problem>,
): Map<string, Choice> {
  const chosen = new Map<string, Choice>();
  for (const source of sources) {
    const issues = new Issues();
    for (const issue of source.issues) issues.push(issue);
    const definition = source.definition ?? source.good;
    const other = definition && chosen.get(definition.id);
    if (definition && builtins.has(definition.id))
      issues.add('PredefinedProcessExists', { identifier: definition.id });
    else if (definition && other)
      issues.add('ProcessInvalid', {
        reason: `${definition.id} is defined already by ${other.source.name}.`,
      });
    else if (definition) chosen.set(definition.id, { source, definition });
    if (!issues.isEmpty) problems.set(source, { source: source.name, issues: issues.list });
  }
  return chosen;
}

function remember(source: Source, chosen: ReadonlyMap<string, Choice>): Source {
  for (const choice of chosen.values())
    if (choice.source === source) return { ...source, good: choice.definition };
  return { ...source, good: undefined };
}
