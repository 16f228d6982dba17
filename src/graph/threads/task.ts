import type { Block, Window } from '../../raster/cube';
import type { PortableRun } from './messages';

/** What goes first. */
export type Priority = 'tile' | 'result' | 'job';

export interface ReadRequest {
  readonly run: PortableRun;
  readonly window: Window;
  readonly priority: Priority;
  /** Waits for threads that are being started. */
  readonly isPatient?: boolean;
  readonly signal: AbortSignal;
}

/** Undefined: whoever asked must read it himself. */
export type Reading = Omit<Block, 'grid'> | undefined;

/** A window that somebody waits for. */
export class Task {
  readonly result: Promise<Reading>;
  /** Threads that ended under it. */
  losses = 0;
  readonly #settled = Promise.withResolvers<Reading>();
  readonly #onAbort: () => void;
  #isOver = false;

  /** @param leave called when the reader goes before there is a result */
  constructor(
    readonly id: number,
    readonly request: ReadRequest,
    leave: (task: Task) => void,
  ) {
    this.result = this.#settled.promise;
    this.#onAbort = () => {
      this.fail(request.signal.reason);
      leave(this);
    };
    request.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Nobody waits any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  succeed(reading: Reading): void {
    this.#end();
    this.#settled.resolve(reading);
  }

  fail(reason: unknown): void {
    this.#end();
    this.#settled.reject(reason);
  }

  #end(): void {
    this.#isOver = true;
    this.request.signal.removeEventListener('abort', this.#onAbort);
  }
}
