import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { readonly type: 'major'; readonly execution: 'async' }) => Promise<void>;

let collect: Collect | undefined;
let running: Promise<void> | undefined;

/**
 * Has V8 look for what nobody refers to any more, once for all who ask meanwhile. It does so by itself only when memory
 * is being allocated, which those who wait for memory don't.
 */
export function collectGarbage(): Promise<void> {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as Collect;
  }
  running ??= collect({ type: 'major', execution: 'async' }).finally(() => {
    running = undefined;
  });
  return running;
}
