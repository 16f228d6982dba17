import { join } from 'node:path';
import { startThread } from '../../../../base/thread';
import type { ThreadAnswer, ThreadData, VariableFormat, VariableReader } from './types';

/** Bytes that decoding a file may take beside it. */
const maxBytes = 1 << 30;

/** A file whose variables are decoded by a thread of its own. */
export interface OpenVariables extends VariableReader {
  close(): Promise<void>;
}

/**
 * Opens a file of variables in a thread, where a damaged or hostile one can do no harm: it has memory of its own, reaches
 * no other file and ends with the signal.
 * @throws Error saying what is wrong with the file; the signal's reason
 */
export async function openVariables(
  format: VariableFormat,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<OpenVariables> {
  signal.throwIfAborted();
  const data: ThreadData = { format, bytes, maxBytes };
  const thread = startThread(join(__dirname, 'thread'), {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: maxBytes / 2 ** 20 },
    ...{ stdout: true, stderr: true },
  });
  // Libraries print what they find wrong; what matters of it comes as an error.
  thread.stdout.resume();
  thread.stderr.resume();
  // What goes wrong while nobody waits ends the thread, which the next to wait hears of.
  thread.on('error', () => {});
  const close = async () => {
    await thread.terminate();
  };
  const next = () =>
    new Promise<Exclude<ThreadAnswer, { error: string }>>((resolve, reject) => {
      const done = () => {
        thread.off('message', onMessage).off('error', fail).off('exit', onExit);
        signal.removeEventListener('abort', onAbort);
      };
      const fail = (error: unknown) => {
        done();
        void close();
        reject(error);
      };
      const onAbort = () => fail(signal.reason);
      const onExit = () => fail(new Error('reading it ended early'));
      const onMessage = (answer: ThreadAnswer) => {
        if ('error' in answer) return fail(new Error(answer.error));
        done();
        resolve(answer);
      };
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      thread.on('message', onMessage).on('error', fail).on('exit', onExit);
    });
  const first = await next();
  return {
    variables: 'variables' in first ? first.variables : [],
    async read(name) {
      const answer = next();
      thread.postMessage(name);
      const found = await answer;
      return 'values' in found ? found.values : [];
    },
    close,
  };
}
