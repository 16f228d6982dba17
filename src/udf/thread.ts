import { parentPort, workerData } from 'node:worker_threads';
import { Sandbox, UdfError } from './sandbox';
import type { Message } from './values';

/** What a thread is asked to do. */
export interface ThreadTask extends Message {
  /** A UDF that was loaded under the same key stays loaded. */
  readonly key: string;
  readonly code: string;
}

export type ThreadAnswer =
  | Message
  | {
      readonly failure: string;
      readonly isOutOfMemory: boolean;
      /** The interpreter itself failed: the thread must not be used again. */
      readonly isSpent: boolean;
    };

const { memoryBytes } = workerData as { readonly memoryBytes: number };
let loaded: { readonly key: string; readonly sandbox: Sandbox } | undefined;

async function answer({ key, code, text, buffers }: ThreadTask): Promise<ThreadAnswer> {
  try {
    if (loaded?.key !== key) {
      loaded = undefined;
      loaded = { key, sandbox: await Sandbox.create(code, memoryBytes) };
    }
    return loaded.sandbox.run({ text, buffers });
  } catch (error) {
    if (error instanceof UdfError) {
      // The next call gets a fresh instance, whatever this one did before it failed.
      loaded = undefined;
      return { failure: error.message, isOutOfMemory: error.isOutOfMemory, isSpent: false };
    }
    const { name, message } = error as Error;
    const failure =
      name === 'RangeError' ? 'it nests calls or data too deeply.' : `the interpreter failed: ${message}`;
    return { failure, isOutOfMemory: false, isSpent: true };
  }
}

parentPort?.on('message', (task: ThreadTask) => {
  void answer(task).then((result) => {
    parentPort?.postMessage(result, 'buffers' in result ? [...result.buffers] : []);
  });
});
