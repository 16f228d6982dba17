import { getHeapStatistics, setFlagsFromString } from 'node:v8';
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

/** Memory beyond V8's heap that may come to lie about before it is worth a collection. */
const growthBytes = 32 * 1024 * 1024;

/**
 * For long work that leaves buffers behind by the thousand: called once in a while it has them collected before they
 * pile up. V8 goes by its heap, where a buffer is a few words, and by limits that are large where servers have them.
 */
export function createTidying(): () => void {
  let startBytes = getHeapStatistics().external_memory;
  let isCollecting = false;
  return () => {
    const { external_memory: bytes } = getHeapStatistics();
    startBytes = Math.min(startBytes, bytes);
    if (isCollecting || bytes - startBytes < growthBytes) return;
    isCollecting = true;
    collectGarbage().then(() => {
      isCollecting = false;
      startBytes = getHeapStatistics().external_memory;
    });
  };
}
