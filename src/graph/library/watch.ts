import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';

/** File systems that send no events (network shares, some containers) are looked at this often. */
const pollMs = 5000;
const settleMs = 100;

/**
 * Calls `changed` soon after something changed in one of the folders, and once every few seconds in case
 * that the system did not tell. Calls never overlap.
 */
export function watchFolders(folders: readonly string[], changed: () => Promise<void>): () => Promise<void> {
  const watchers = new Map<string, FSWatcher>();
  let settling: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isClosed = false;

  const look = () => {
    running = running.then(() => (isClosed ? undefined : changed())).then(attach);
  };
  const polling = setInterval(look, pollMs);
  polling.unref();

  /** Writing a file makes several events. */
  const settle = () => {
    if (isClosed) return;
    clearTimeout(settling);
    settling = setTimeout(look, settleMs);
    settling.unref();
  };

  /** Folders may come and go. */
  const attach = async () => {
    for (const folder of folders) {
      if (watchers.has(folder) || isClosed || !(await isFolder(folder)) || isClosed) continue;
      try {
        const watcher = watch(folder, { persistent: false }, settle);
        const forget = () => {
          watcher.close();
          watchers.delete(folder);
        };
        watcher.on('error', forget);
        watchers.set(folder, watcher);
      } catch {
        // Without a watcher the next look finds what changed.
      }
    }
  };

  // What changed between the caller's reading and the watchers' beginning shows in this first look.
  running = attach();
  settle();
  return async () => {
    isClosed = true;
    clearTimeout(settling);
    clearInterval(polling);
    for (const watcher of watchers.values()) watcher.close();
    await running;
  };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
