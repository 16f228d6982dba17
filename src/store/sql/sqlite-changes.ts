import type { SqliteSql } from './types';

/** How often the file is asked whether another process has written to it: a look at one number in memory. */
const pollMs = 200;

/**
 * Polls `data_version`, which moves when another connection commits, and calls `changed` at the first look and
 * whenever it has moved; again at the next look where that fails. Returns the way to stop. Stores in memory have no
 * other connections.
 */
export function watchDataVersion(sql: SqliteSql, changed: () => Promise<void> | void): () => void {
  if (sql.file === ':memory:') return () => {};
  let version: unknown;
  let isPolling = false;
  const poll = async () => {
    if (isPolling) return;
    isPolling = true;
    try {
      const now = await sql.run((database) => database.pragma('data_version', { simple: true }));
      if (now !== version) {
        await changed();
        // Remembered only now: a change that could not be looked into is made up for by the next look.
        version = now;
      }
    } catch {
      // Locked for long, or closed: the next look will tell.
    } finally {
      isPolling = false;
    }
  };
  void poll();
  const timer = setInterval(poll, pollMs).unref();
  return () => clearInterval(timer);
}
