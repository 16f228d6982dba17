import type { Logger } from '../base/logger';
import { type Assembly, assemble } from './library/assemble';
import { pairBuiltins } from './library/builtin';
import { idOfFile, readFolder, type SpecFile } from './library/folder';
import { type Problem, readSource, type Source } from './library/sources';
import { watchFolders } from './library/watch';
import type { GraphLimits } from './limits';
import type { LinkedProcess } from './linked';
import type { ProcessRegistry } from './runner';
import type { SchemaChecks } from './schema/checks';
import type { GraphIssue, ProcessSpec } from './types';

/** Where processes that were registered over HTTP are kept; the record store fits. */
export interface RegisteredStore {
  readonly registeredProcesses: {
    list(): Promise<readonly { readonly id: string; readonly process: Readonly<Record<string, unknown>> }[]>;
  };
  onChange(listener: (topic: string) => void): () => void;
}

export interface RegistryOptions {
  /** Folders with process descriptions; the packaged one first. */
  readonly specFolders: readonly string[];
  /** Where function files are looked for, in family folders. */
  readonly moduleFolder: string;
  readonly checks: SchemaChecks;
  readonly limits: GraphLimits;
  readonly logger: Logger;
  readonly records?: RegisteredStore;
  /** Follow changes in the folders; default true. */
  readonly isWatching?: boolean;
}

/**
 * Loads all processes that graphs can call.
 * @throws Error that lists every mismatch between built-in descriptions and functions.
 */
export async function createRegistry<C>(options: RegistryOptions): Promise<Registry<C>> {
  const folders = await readFolder(options.specFolders[0]);
  const builtins = pairBuiltins<C>(folders, options.moduleFolder);
  const registry = new Registry<C>(options, builtins);
  await registry.start();
  return registry;
}

/** How often a broken file is read again before it is reported: it may be half-written. */
const rereads = 2;
const rereadMs = 150;

/** Predefined, administrators' and registered processes, always up to date. Made by {@link createRegistry}. */
export class Registry<C> implements ProcessRegistry {
  readonly #options: RegistryOptions;
  readonly #builtins: ReadonlyMap<string, LinkedProcess<C>>;
  readonly #listeners = new Set<() => void>();
  readonly #closers: (() => unknown)[] = [];
  #files: readonly Source[] = [];
  #records: readonly Source[] = [];
  #assembly: Assembly<C> = { linked: new Map(), problems: [], sources: [] };
  #reported = '';
  #listed: readonly ProcessSpec[] | undefined;
  #reloading: Promise<void> = Promise.resolve();
  #revision = 0;
  #isStoreAway = false;

  constructor(options: RegistryOptions, builtins: ReadonlyMap<string, LinkedProcess<C>>) {
    this.#options = options;
    this.#builtins = builtins;
  }

  /** Grows with every change. */
  get revision(): number {
    return this.#revision;
  }

  /** Sources that are not used, or not in their present version, with every reason. */
  get problems(): readonly Problem[] {
    return this.#assembly.problems;
  }

  list(): readonly ProcessSpec[] {
    this.#listed ??= Object.freeze(
      [...this.#builtins.values(), ...this.#assembly.linked.values()]
        .map(({ process }) => process.spec)
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    );
    return this.#listed;
  }

  has(id: string): boolean {
    return this.find(id) !== undefined;
  }

  /** What a node with this id and namespace (default: any) calls, users' stored processes aside. */
  readonly find = (id: string, namespace?: string): LinkedProcess<C> | undefined => {
    if (namespace !== undefined && namespace !== 'backend') return undefined;
    return this.#builtins.get(id) ?? this.#assembly.linked.get(id);
  };

  /** Calls the listener after every change of the processes. Returns the way to stop. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async start(): Promise<void> {
    const { records, specFolders, isWatching } = this.#options;
    await this.refresh();
    if (records)
      this.#closers.push(
        records.onChange((topic) => {
          if (topic === 'registered_processes') void this.refresh();
        }),
      );
    if (isWatching !== false) this.#closers.push(watchFolders(specFolders, () => this.refresh()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#closers.splice(0).map((close) => close()));
    await this.#reloading;
  }

  /** Reads folders and records again. Calls queue; each sees what was there when it was made, or later. */
  refresh(): Promise<void> {
    this.#reloading = this.#reloading.then(() => this.#reload());
    return this.#reloading;
  }

  async #reload(): Promise<void> {
    const files = await this.#readFiles();
    const records = (await this.#readRecords()) ?? this.#records;
    if (isEqual(files, this.#files) && isEqual(records, this.#records)) return;
    this.#files = files;
    this.#records = records;
    this.#assemble();
  }

  async #readFiles(): Promise<Source[]> {
    const known = new Map(this.#files.map((source) => [source.name, source]));
    let files: SpecFile[] = [];
    for (let attempt = 0; attempt <= rereads; attempt++) {
      const [packaged, ...others] = this.#options.specFolders;
      files = (
        await Promise.all([
          readFolder(packaged, this.#builtins),
          ...others.map((folder) => readFolder(folder)),
        ])
      ).flat();
      const isNewlyBroken = files.some(
        ({ file, text, problem }) => problem !== undefined && known.get(file)?.version !== text,
      );
      if (!isNewlyBroken) break;
      await new Promise((resolve) => setTimeout(resolve, rereadMs));
    }
    return files.map(({ file, text, json, problem }) => {
      const before = known.get(file);
      if (before?.version === text && text !== '') return before;
      return { ...readSource(file, text, idOfFile(file), json, problem), good: before?.good };
    });
  }

  async #readRecords(): Promise<Source[] | undefined> {
    const { records, logger } = this.#options;
    if (!records) return [];
    const known = new Map(this.#records.map((source) => [source.name, source]));
    try {
      const list = await records.registeredProcesses.list();
      this.#isStoreAway = false;
      return list.map(({ id, process }) => {
        const name = recordName(id);
        const version = JSON.stringify(process);
        const before = known.get(name);
        if (before?.version === version) return before;
        return { ...readSource(name, version, id, process), good: before?.good };
      });
    } catch (error) {
      // The store tells of a change when it is back.
      if (!this.#isStoreAway) logger.warning('Registered processes cannot be read now', { error });
      this.#isStoreAway = true;
      return undefined;
    }
  }

  #assemble(): void {
    const assembly = this.#link([...this.#files, ...this.#records]);
    this.#files = assembly.sources.slice(0, this.#files.length);
    this.#records = assembly.sources.slice(this.#files.length);
    const before = this.#assembly;
    this.#assembly = assembly;
    this.#report(assembly.problems);
    if (isSame(before.linked, assembly.linked)) return;
    this.#listed = undefined;
    this.#revision++;
    for (const listener of this.#listeners) listener();
  }

  #link(sources: readonly Source[]): Assembly<C> {
    return assemble<C>(sources, { ...this.#options, builtins: this.#builtins });
  }

  #report(problems: readonly Problem[]): void {
    const text = JSON.stringify(problems);
    if (text === this.#reported) return;
    this.#reported = text;
    for (const { source, issues } of problems)
      this.#options.logger.error('A process description cannot be used', { source, issues });
  }

  /**
   * Every reason why a process cannot be registered under this id: its own faults, and those that it would
   * cause in processes that call it. Empty when it can.
   */
  async check(id: string, json: unknown): Promise<readonly GraphIssue[]> {
    await this.#reloading;
    const name = recordName(id);
    const source = readSource(name, '', id, json);
    const others = this.#records.filter((other) => other.name !== name);
    const assembly = this.#link([...this.#files, ...others, source]);
    const own = assembly.problems.find((problem) => problem.source === name);
    if (own) return own.issues;
    const before = new Set(this.problems.map((problem) => problem.source));
    return assembly.problems
      .filter((problem) => !before.has(problem.source))
      .flatMap((problem) =>
        problem.issues.map((issue) => ({
          ...issue,
          message: `${problem.source} would fail: ${issue.message}`,
        })),
      );
  }
}

function recordName(id: string): string {
  return `PUT /admin/processes/${id}`;
}

function isEqual(a: readonly Source[], b: readonly Source[]): boolean {
  return a.length === b.length && a.every((source, index) => source === b[index]);
}

function isSame<C>(
  a: ReadonlyMap<string, LinkedProcess<C>>,
  b: ReadonlyMap<string, LinkedProcess<C>>,
): boolean {
  return a.size === b.size && [...a].every(([id, { process }]) => b.get(id)?.process.spec === process.spec);
}
