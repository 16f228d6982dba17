import { watchDataVersion } from '../../sql/sqlite-changes';
import type { SqliteSql } from '../../sql/types';
import type { ChangeSource } from '../database';
import type { Revisions } from '../revisions';

/** `data_version` tells that another process has written something; the counters tell which topics changed. */
export function sqliteChanges(sql: SqliteSql, revisions: Revisions): ChangeSource {
  return {
    watch: (changed) =>
      watchDataVersion(sql, async () => {
        for (const topic of await revisions.changed()) changed(topic);
      }),
  };
}
