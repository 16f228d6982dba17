import type { SqliteSql } from '../../sql/types';
import type { ChangeSource } from '../database';
import type { Revisions } from '../revisions';

/** How often the file is asked whether another process has written to it: a look at one number in memory. */
const pollMs = 200;

/** Polls `data_version`, which moves when another connection commits; the counters then tell which topics changed. */
export function sqliteChanges(sql: SqliteSql, revisions: Revisions): ChangeSource {
  return {
    watch: (changed) => {
      if (sql.file === ':memory:') return () => {};
      let version: unknown;
      let isPolling = false;
      const poll = async () => {
        if (isPolling) return;
        isPolling = true;
        try {
          const now = await sql.run((database) => database.pragma('data_version', { simple: true }));
          if (now !== version) {
            // Remembered only after the counters were read: a failed look is made up for by the next one.
            const moved = await revisions.changed();
            version = now;
            for (const topic of moved) changed(topic);
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
    },
  };
}
