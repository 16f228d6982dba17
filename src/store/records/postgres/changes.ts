import type { PostgresSql } from '../../sql/types';
import type { ChangeSource } from '../database';
import type { Revisions } from '../revisions';

/** The channel that the triggers of drizzle/pg/records notify. */
const channel = 'tilegraph_records';
/** How often the counters are compared, for notifications that a connection pooler in between swallows. */
const pollMs = 900;

/** LISTENs for topics; after a lost connection anything may have changed. */
export function postgresChanges(sql: PostgresSql, revisions: Revisions): ChangeSource {
  return {
    watch: (changed) => {
      const stopListening = sql.listen(
        channel,
        (payload) => {
          const [name, revision] = payload.split(' ');
          const topic = revisions.note(name, Number(revision));
          if (topic) changed(topic);
        },
        () => {
          revisions.forget();
          changed(undefined);
        },
      );
      let isPolling = false;
      const poll = async () => {
        if (isPolling) return;
        isPolling = true;
        try {
          for (const topic of await revisions.changed()) changed(topic);
        } catch {
          // Away: the listener's reconnection will tell that anything may have changed.
        } finally {
          isPolling = false;
        }
      };
      void poll();
      const timer = setInterval(poll, pollMs).unref();
      return () => {
        clearInterval(timer);
        stopListening();
      };
    },
  };
}
