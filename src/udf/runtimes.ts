import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { OpenEOError } from '../base/errors';
import { nextTurn } from '../base/pace';
import { type ThreadLimits, UdfThreads } from './threads';
import type { UdfRuntimeDescription, UdfRuntimes, UdfSession, UdfSource } from './types';
import { type Call, readResults, UdfResultInvalid, writeCalls } from './values';

/**
 * More calls than these make another message: the main thread takes some milliseconds for writing one down, and for
 * all that follows on its results.
 */
const maxBatch = 1024;

const engine = '@jitl/quickjs-ng-wasmfile-release-sync';

function engineVersion(): string {
  return (JSON.parse(readFileSync(require.resolve(`${engine}/package.json`), 'utf8')) as { version: string })
    .version;
}

function describeRuntimes(): Readonly<Record<string, UdfRuntimeDescription>> {
  return Object.freeze({
    JavaScript: {
      title: 'JavaScript',
      description:
        'JavaScript in a sandbox of its own (QuickJS in WebAssembly) without network, files and timers. ' +
        'The code defines `function udf(data, context)`, which may be asynchronous. Data cubes are objects of the ' +
        'class `DataCube`; arrays with labels have a property `labels`; no-data is null.',
      type: 'language',
      default: 'ES2023',
      versions: { ES2023: { libraries: { [engine]: { version: engineVersion() } } } },
    },
  } as const);
}

interface Waiting {
  readonly call: Call;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Calls of one UDF that wait for the end of the turn. */
interface Batch {
  readonly source: UdfSource;
  readonly signal: AbortSignal;
  readonly waiting: Waiting[];
}

/** The runtimes; threads are started when a UDF is called. */
export function createUdfRuntimes(limits: ThreadLimits): UdfRuntimes {
  const threads = new UdfThreads(limits);
  return {
    descriptions: describeRuntimes(),
    memoryBytes: limits.memoryBytes,
    openSession: (owner) => new Session(threads, owner),
    close: () => threads.close(),
  };
}

class Session implements UdfSession {
  readonly #threads: UdfThreads;
  readonly #owner: string;
  readonly #id = randomUUID();
  #batches: Batch[] = [];

  constructor(threads: UdfThreads, owner: string) {
    this.#threads = threads;
    this.#owner = owner;
  }

  call(source: UdfSource, data: unknown, context: unknown, signal: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let batch = this.#batches.find(
        (other) =>
          other.signal === signal && other.source.code === source.code && other.waiting.length < maxBatch,
      );
      if (!batch) {
        if (this.#batches.length === 0) void nextTurn().then(() => this.#send());
        batch = { source, signal, waiting: [] };
        this.#batches.push(batch);
      }
      batch.waiting.push({ call: [data, context], resolve, reject });
    });
  }

  /** One message in a turn. Calls that come meanwhile join those that have not been sent. */
  #send(): void {
    const batch = this.#batches.shift();
    if (this.#batches.length > 0) void nextTurn().then(() => this.#send());
    if (batch) void this.#run(batch);
  }

  async #run({ source: { code }, signal, waiting }: Batch): Promise<void> {
    try {
      const message = writeCalls(waiting.map(({ call }) => call));
      const key = `${this.#id} ${code}`;
      const answer = await this.#threads.run(this.#owner, { key, code, ...message }, signal);
      const results = readResults(answer, waiting.length);
      waiting.forEach(({ resolve }, index) => {
        resolve(results[index]);
      });
    } catch (error) {
      const failure =
        error instanceof UdfResultInvalid
          ? new OpenEOError('UdfFailed', { reason: error.message }, { cause: error })
          : error;
      for (const { reject } of waiting) reject(failure);
    }
  }
}
