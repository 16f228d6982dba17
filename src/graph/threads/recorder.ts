/** What a run learned from its context: answers by the name that led to them, and how it asked. */
export type Recording = ReadonlyMap<string, Recorded>;

/** `api`: a thing with functions of its own, whose answers have entries of theirs. */
export type Recorded =
  | { readonly kind: 'value'; readonly value: unknown; readonly isLater: boolean }
  | { readonly kind: 'api'; readonly isLater: boolean };

/** Something was asked that the recording has no answer to. */
export class NotRecordedError extends Error {
  constructor(name: string) {
    super(`${name} was not recorded`);
  }
}

type Call = (...args: unknown[]) => unknown;

/** True for what structured cloning carries as it is: what JSON has, and maps, sets, dates and bytes. */
function isData(value: unknown): boolean {
  if (typeof value === 'function' || typeof value === 'symbol') return false;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return true;
  if (value instanceof Map || value instanceof Set || value instanceof Date || Array.isArray(value))
    return true;
  const prototype = Object.getPrototypeOf(value) as unknown;
  if (prototype !== Object.prototype && prototype !== null) return false;
  return !Object.values(value).some((item) => typeof item === 'function');
}

function keyOf(name: string, args: readonly unknown[]): string | undefined {
  if (args.some((arg) => typeof arg === 'function')) return undefined;
  const plain = args.filter((arg) => !(arg instanceof AbortSignal));
  return `${name}(${JSON.stringify(plain)})`;
}

/**
 * Writes down what the process functions of a run learn from their context (collections, items, files…), so that the
 * same run can be repeated elsewhere without asking anybody, and with the same answers.
 */
export class ContextRecorder {
  readonly #entries = new Map<string, Recorded>();
  #isComplete = true;
  #isOver = false;

  /** @param live names of what a repeated run brings along itself */
  constructor(readonly live: ReadonlySet<string>) {}

  /** The answers of the run; undefined while it goes on, and where some of them could not be written down. */
  get recording(): Recording | undefined {
    return this.#isComplete && this.#isOver ? this.#entries : undefined;
  }

  /** A context that behaves as this one. */
  wrap<C>(context: C): C {
    return this.#wrap(context as object, '') as C;
  }

  /** What follows is not part of the run. */
  stop(): void {
    this.#isOver = true;
  }

  /** The run does what a repeated one must not do again. */
  spoil(): void {
    if (!this.#isOver) this.#isComplete = false;
  }

  #wrap(target: object, name: string): unknown {
    return new Proxy(target, {
      get: (_, property) => {
        const value: unknown = Reflect.get(target, property);
        if (typeof property === 'symbol' || (name === '' && this.live.has(property))) return value;
        const path = name === '' ? property : `${name}.${property}`;
        if (typeof value === 'function')
          return (...args: unknown[]) => this.#call(value.bind(target), path, args);
        return this.#keep(path, value, false);
      },
    });
  }

  #call(call: Call, path: string, args: readonly unknown[]): unknown {
    const answer = call(...args);
    if (this.#isOver) return answer;
    const key = keyOf(path, args);
    if (key === undefined) {
      this.spoil();
      return answer;
    }
    if (!(answer instanceof Promise)) return this.#keep(key, answer, false);
    return answer.then((value) => this.#keep(key, value, true));
  }

  #keep(key: string, value: unknown, isLater: boolean): unknown {
    if (this.#isOver) return value;
    if (isData(value)) {
      this.#entries.set(key, { kind: 'value', value, isLater });
      return value;
    }
    this.#entries.set(key, { kind: 'api', isLater });
    return typeof value === 'object' && value !== null ? this.#wrap(value, key) : value;
  }
}

/**
 * The context of a repeated run: answers as recorded.
 * @param live what the repeated run has itself
 * @throws NotRecordedError (where it is used) for what the recorded run did not ask
 */
export function replayContext<C>(recording: Recording, live: Readonly<Record<string, unknown>>): C {
  const answer = (entry: Recorded, key: string): unknown => {
    const value = entry.kind === 'api' ? node(key) : entry.value;
    return entry.isLater ? Promise.resolve(value) : value;
  };
  const node = (name: string): unknown =>
    new Proxy(
      {},
      {
        get: (_, property) => {
          if (typeof property === 'symbol' || property === 'then') return undefined;
          if (name === '' && Object.hasOwn(live, property)) return live[property];
          const path = name === '' ? property : `${name}.${property}`;
          const entry = recording.get(path);
          if (entry) return answer(entry, path);
          return (...args: unknown[]) => {
            const key = keyOf(path, args);
            const given = key === undefined ? undefined : recording.get(key);
            if (!given) throw new NotRecordedError(path);
            return answer(given, key as string);
          };
        },
      },
    );
  return node('') as C;
}
