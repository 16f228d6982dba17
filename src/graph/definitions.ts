import { OpenEOError } from '../base/errors';
import { someAtOnce } from '../base/some-at-once';
import { Issues } from './issue';
import { type Definition, readDefinition } from './link';
import { callsOf, type Find } from './linked';
import type { ParseResult } from './parse';

/** A call of a process in a graph. */
export interface Call {
  readonly process: string;
  readonly namespace: string | undefined;
}

/** Where processes come from that are neither predefined nor registered. */
export interface DefinitionSources<C> {
  /** Predefined and registered processes. */
  readonly known: Find<C>;
  /** A process that the caller stored, as it was sent; absent for anonymous callers. */
  stored?(id: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /**
   * A process that is published at an address; absent where nothing is fetched.
   * @throws OpenEOError `ProcessNamespaceInvalid`
   */
  remote?(url: string, id: string): Promise<Readonly<Record<string, unknown>>>;
  /** Counts what a definition takes in memory. @throws OpenEOError `MemoryLimitExceeded`, `TooManyRequests` */
  count(json: unknown): Promise<void>;
  /** How many definitions one graph may need. */
  readonly maxDefinitions: number;
}

/** Fetching more for one graph would be a burden on others. */
const maxRemote = 50;
/** Definitions may be large: they are counted before others follow. */
const loadedAtOnce = 8;
/** Definitions are loaded in a moment, and nothing aborts that. */
const never = new AbortController().signal;

function isRemoteNamespace(namespace: string | undefined): namespace is string {
  return namespace !== undefined && /^https?:\/\//i.test(namespace);
}

/**
 * The name of a definition among those of one graph; undefined where a call cannot mean one. Processes that are
 * published at addresses call predefined ones and each other; what the caller has stored is not theirs.
 * @param caller the namespace of the definition that calls; undefined for the graph itself
 */
export function definitionKey({ process, namespace }: Call, caller?: string): string | undefined {
  if (isRemoteNamespace(namespace)) return `${process} of ${namespace}`;
  if (isRemoteNamespace(caller) || (namespace !== undefined && namespace !== 'user')) return undefined;
  // No stored process has a name that could be taken for the other form.
  return /^[\w-]+$/.test(process) ? process : undefined;
}

/**
 * All definitions that a graph needs, directly or through others, each asked for once. One that cannot be had from
 * its address is among them with the reason as its issue.
 * @returns by {@link definitionKey}; undefined where there are too many
 */
export async function loadDefinitions<C>(
  parsed: ParseResult,
  sources: DefinitionSources<C>,
): Promise<ReadonlyMap<string, Definition> | undefined> {
  const definitions = new Map<string, Definition>();
  const asked = new Set<string>();
  let remote = 0;
  let wave: readonly { readonly parsed: ParseResult; readonly namespace?: string }[] = [{ parsed }];
  while (wave.length > 0) {
    const wanted = new Map<string, Call>();
    for (const { parsed: caller, namespace } of wave)
      for (const call of caller.graph ? callsOf(caller.graph) : []) {
        const key = definitionKey(call, namespace);
        if (key === undefined || asked.has(key) || sources.known(call.process, call.namespace)) continue;
        wanted.set(key, call);
        asked.add(key);
        if (isRemoteNamespace(call.namespace)) remote++;
      }
    // Every definition counts at least one node, so a graph that needs more is refused anyway.
    if (asked.size > sources.maxDefinitions + 1 || remote > maxRemote) return undefined;
    const calls = [...wanted];
    const found = new Array<Definition | undefined>(calls.length);
    await someAtOnce(calls.length, loadedAtOnce, never, async (index) => {
      found[index] = await load(calls[index][1], sources);
    });
    const loaded = found.filter((definition) => definition !== undefined);
    for (const [index, [key]] of calls.entries())
      if (found[index] !== undefined) definitions.set(key, found[index]);
    wave = loaded;
  }
  return definitions;
}

async function load<C>(
  { process, namespace }: Call,
  sources: DefinitionSources<C>,
): Promise<Definition | undefined> {
  if (!isRemoteNamespace(namespace)) {
    const json = await sources.stored?.(process);
    if (!json) return undefined;
    await sources.count(json);
    return readDefinition(process, 'user', json);
  }
  try {
    if (!sources.remote) {
      const reason = 'processes at addresses are fetched for users who are logged in.';
      throw new OpenEOError('ProcessNamespaceInvalid', { process, namespace, reason });
    }
    const json = await sources.remote(namespace, process);
    await sources.count(json);
    return readDefinition(process, namespace, json);
  } catch (error) {
    if (!(error instanceof OpenEOError) || error.code !== 'ProcessNamespaceInvalid') throw error;
    const issues = new Issues();
    issues.add('ProcessNamespaceInvalid', error.details);
    return { id: process, namespace, spec: { id: process }, parsed: { issues: issues.list } };
  }
}
