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
      let isPolling = false;
      // Whether anything may have changed unseen, since there was no connection or is no counter to compare with.
      let isBlind = false;
      const look = async () => {
        const wasBlind = isBlind;
        isBlind = false;
        if (wasBlind) revisions.forget();
        try {
          const moved = await revisions.changed();
          // Only now that later changes can be told from earlier ones may caches be filled again.
          if (wasBlind) changed(undefined);
          else for (const topic of moved) changed(topic);
        } catch (error) {
          isBlind ||= wasBlind;
          throw error;
        }
      };
      const poll = async () => {
        if (isPolling) return;
        isPolling = true;
        try {
          do await look();
          while (isBlind);
        } catch {
          // Away: the next look or the listener's reconnection makes up for it.
        } finally {
          isPolling = false;
        }
      };
      const stopListening = sql.listen(
        channel,
        (payload) => {
          const [name, revision] = payload.split(' ');
          const topic = revisions.note(name, Number(revision));
          if (topic) changed(topic);
        },
        () => {
          isBlind = true;
          void poll();
        },
      );
      void poll();
      const timer = setInterval(poll, pollMs).unref();
      return () => {
        clearInterval(timer);
        stopListening();
      };
    },
  };
}
