import { readFile } from 'node:fs/promises';
import variant from '@jitl/quickjs-ng-wasmfile-release-sync';
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSWASMModule,
} from 'quickjs-emscripten-core';
import { prelude } from './prelude';
import type { Message } from './values';

const maxReasonLength = 1000;
const pageBytes = 65_536;
/** What the WebAssembly module asks for at least. */
const initialBytes = 16 * 1024 * 1024;
/** Longer text is refused: it would keep the thread that reads it busy. Typed arrays have no such limit. */
const maxResultLength = 32 * 1024 * 1024;

/** The UDF failed by itself; the message says how. */
export class UdfError extends Error {
  constructor(
    message: string,
    /** It used up the memory that it may take. */
    readonly isOutOfMemory = false,
  ) {
    super(message);
  }
}

/** The little that is used of the global `WebAssembly`, which the compiler's library without a browser lacks. */
const { Memory, compile } = (
  globalThis as unknown as {
    WebAssembly: {
      Memory: new (pages: { readonly initial: number; readonly maximum: number }) => never;
      compile(bytes: Uint8Array): Promise<never>;
    };
  }
).WebAssembly;

let compiled: Promise<never> | undefined;

function compileOnce(): Promise<never> {
  compiled ??= readFile(require.resolve('@jitl/quickjs-ng-wasmfile-release-sync/wasm')).then((bytes) =>
    compile(new Uint8Array(bytes)),
  );
  return compiled;
}

/** A WebAssembly instance of its own with a loaded UDF: nothing in it is shared with another one. */
export class Sandbox {
  readonly #context: QuickJSContext;
  readonly #prelude: QuickJSHandle;
  #udf: QuickJSHandle | undefined;

  private constructor(module: QuickJSWASMModule) {
    this.#context = module.newContext();
    this.#prelude = this.#context.unwrapResult(this.#context.evalCode(prelude, 'prelude.js'));
  }

  /**
   * @param memoryBytes all memory that the UDF, its data and the interpreter may take
   * @throws UdfError where the code does not run or defines no function `udf`
   */
  static async create(code: string, memoryBytes: number): Promise<Sandbox> {
    const wasmMemory = new Memory({
      initial: initialBytes / pageBytes,
      maximum: Math.floor(Math.max(initialBytes, memoryBytes) / pageBytes),
    });
    const wasmModule = await compileOnce();
    const sandbox = new Sandbox(
      await newQuickJSWASMModuleFromVariant(newVariant(variant, { wasmModule, wasmMemory })),
    );
    sandbox.#load(code);
    return sandbox;
  }

  #load(code: string): void {
    const context = this.#context;
    this.#unwrap(context.evalCode(code, 'udf.js', { type: 'global' })).dispose();
    // A function in the script's scope, whether it is declared or assigned to a constant.
    const search = "typeof udf === 'function' ? udf : undefined";
    this.#udf = this.#unwrap(context.evalCode(search, 'search.js', { type: 'global' }));
    if (context.typeof(this.#udf) !== 'function')
      throw new UdfError('the code defines no function named "udf": function udf(data, context) { … }');
  }

  /** @throws UdfError what the UDF throws */
  run({ text, buffers }: Message): Message {
    const context = this.#context;
    const args = [context.newString(text), ...buffers.map((buffer) => context.newArrayBuffer(buffer))];
    const call = context.getProp(this.#prelude, 'call');
    const returned = this.#unwrap(
      context.callFunction(call, context.undefined, [this.#udf as QuickJSHandle, ...args]),
    );
    for (const handle of [call, ...args]) handle.dispose();
    const result = this.#settle(returned);
    const message = this.#read(result);
    result.dispose();
    return message;
  }

  /** @param result [text, ...buffers] as the prelude makes it, unless the UDF has got at it */
  #read(result: QuickJSHandle): Message {
    const context = this.#context;
    const length = (handle: QuickJSHandle): number =>
      context.getProp(handle, 'length').consume((found) => context.getNumber(found));
    const text = context.getProp(result, 0);
    if (context.typeof(text) !== 'string') throw new UdfError('its result is not readable.');
    if (length(text) > maxResultLength)
      throw new UdfError(
        `it returns more than ${maxResultLength} characters of data; return numbers in typed arrays.`,
      );
    const buffers = Array.from({ length: Math.max(0, length(result) - 1) }, (_, index) =>
      context.getProp(result, index + 1).consume((handle) => {
        if (context.typeof(handle) !== 'object') throw new UdfError('its result is not readable.');
        return context.getArrayBuffer(handle).consume(({ value }) => new Uint8Array(value).buffer);
      }),
    );
    return { text: text.consume((handle) => context.getString(handle)), buffers };
  }

  /** Runs what an asynchronous UDF left for later. */
  #settle(returned: QuickJSHandle): QuickJSHandle {
    const context = this.#context;
    for (;;) {
      const state = context.getPromiseState(returned);
      if (state.type === 'rejected') throw this.#describe(state.error);
      if (state.type === 'fulfilled') return state.value;
      const jobs = context.runtime.executePendingJobs();
      if (jobs.error) throw this.#describe(jobs.error);
      if (jobs.value === 0) throw new UdfError('it returns a promise that is never settled.');
    }
  }

  #unwrap(result: ReturnType<QuickJSContext['evalCode']>): QuickJSHandle {
    if (result.error) throw this.#describe(result.error);
    return result.value;
  }

  /** What was thrown in the sandbox, as text: name, message and line. */
  #describe(thrown: QuickJSHandle): UdfError {
    const context = this.#context;
    const type = context.typeof(thrown);
    if (type === 'string') return new UdfError(context.getString(thrown).slice(0, maxReasonLength));
    if (type !== 'object') return new UdfError(`it throws a value of type ${type}.`);
    const read = context.getProp(this.#prelude, 'read');
    const [name, message, stack] = ['name', 'message', 'stack'].map((key) => {
      const found = context.callFunction(read, context.undefined, [thrown, context.newString(key)]);
      return found.error ? '' : found.value.consume((handle) => context.getString(handle));
    });
    const reason = [name, message].filter((part) => part !== '').join(': ') || 'it throws an object.';
    const line = /udf\.js:(\d+)/.exec(stack)?.[1];
    return new UdfError(
      line === undefined ? reason : `${reason} (line ${line})`,
      reason === 'InternalError: out of memory',
    );
  }
}
