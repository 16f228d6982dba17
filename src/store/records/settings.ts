import { sql } from 'drizzle-orm';
import { bind, columnList, insertInto } from '../sql/statements';
import type { RecordDatabase } from './database';
import type { RecordStore } from './types';

export function createSettings({ tables, statements }: RecordDatabase): RecordStore['settings'] {
  const { settings } = tables;
  const select = statements.prepare(
    sql`select ${columnList(settings)} from ${settings} where ${settings.name} = ${bind(settings.name, 'name')}`,
    'settings.get',
  );
  const insert = statements.prepare(
    sql`${insertInto(settings)} on conflict do nothing`,
    'settings.setDefault',
  );
  const get = async (name: string) => {
    const { rows } = await statements.run(select, { name });
    return rows.length === 0 ? undefined : String(rows[0]['value']);
  };

  return {
    get,
    async setDefault(name, value) {
      await statements.run(insert, { name, value });
      return (await get(name)) ?? value;
    },
  };
}
