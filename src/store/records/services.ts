import { sql } from 'drizzle-orm';
import { assign, bind, columnList, insertInto, type Prepared, rowReader } from '../sql/statements';
import type { Changes } from './changes';
import type { RecordDatabase } from './database';
import { Kept } from './kept';
import { fetchCount, startInTime, toPage } from './paging';
import { removalOfSubject } from './subject-removal';
import type { RecordStore, ServiceRecord } from './types';

/** What a change may name; the texts of the statement come from here, never from the change. */
const changeable = [
  'type',
  'title',
  'description',
  'process',
  'configuration',
  'enabled',
  'logLevel',
  'plan',
  'budget',
] as const;

export function createServices(
  database: RecordDatabase,
  changes: Changes,
  most: number | undefined,
): RecordStore['services'] {
  const { tables, statements } = database;
  const { services } = tables;
  const read = rowReader<ServiceRecord>(services);
  const columns = columnList(services);
  const idIs = sql`${services.id} = ${bind(services.id, 'id')}`;
  const isAfter = sql`(${services.createdAt}, ${services.id}) > (${bind(services.createdAt, 'since')}, ${bind(services.id, 'after')})`;
  const inOrder = sql`order by ${services.createdAt}, ${services.id} limit ${sql.placeholder('count')}`;
  const get = statements.prepare(sql`select ${columns} from ${services} where ${idIs}`, 'services.get');
  const listAll = statements.prepare(
    sql`select ${columns} from ${services} where ${isAfter} ${inOrder}`,
    'services.list',
  );
  const listOwned = statements.prepare(
    sql`select ${columns} from ${services} where ${services.ownerId} = ${bind(services.ownerId, 'ownerId')} and ${isAfter} ${inOrder}`,
    'services.listOwned',
  );
  const kept = new Kept(database, services, {
    ...{ records: 'services', most, setting: 'TILEGRAPH_LIMIT_SERVICES' },
  });
  const create = statements.prepare(insertInto(services, kept.hasRoom), 'services.create');
  const removal = [
    ...removalOfSubject(database),
    statements.prepare(sql`delete from ${services} where ${idIs}`, 'services.remove'),
  ];
  const updates = new Map<string, Prepared>();
  /** One statement per set of named properties: what a change does not name cannot be overwritten by an old value. */
  const updateOf = (named: readonly (typeof changeable)[number][], isConditional: boolean): Prepared => {
    const key = [...named, isConditional].join();
    let update = updates.get(key);
    if (!update) {
      const assignments = named.map((property) => assign(services[property], property));
      const revision = sql.identifier(services.revision.name);
      const isUnchanged = sql`and ${services.revision} = ${bind(services.revision, 'revision')}`;
      update = statements.prepare(
        sql`update ${services} set ${sql.join(
          [...assignments, assign(services.updatedAt, 'updatedAt'), sql`${revision} = ${revision} + 1`],
          sql`, `,
        )} where ${idIs} ${isConditional ? isUnchanged : sql``} returning ${columns}`,
      );
      updates.set(key, update);
    }
    return update;
  };

  return {
    async get(id) {
      const { rows } = await statements.run(get, { id });
      return rows.map(read)[0];
    },
    async list(filter) {
      const values = { ownerId: filter.ownerId, ...startInTime(filter), count: fetchCount(filter) };
      const { rows } = await statements.run(filter.ownerId === undefined ? listAll : listOwned, values);
      return toPage(rows.map(read), filter, (service) => [service.createdAt.toISOString(), service.id]);
    },
    async create(service) {
      const made = await changes.after(['services'], () => kept.insert(create, service));
      if (made.changes === 0) throw kept.error();
    },
    async update(id, change, revision) {
      const named = changeable.filter((property) => change[property] !== undefined);
      const update = updateOf(named, revision !== undefined);
      const { rows } = await changes.after(['services'], () =>
        statements.run(update, { ...change, updatedAt: change.updatedAt ?? new Date(), id, revision }),
      );
      return rows.map(read)[0];
    },
    async remove(id) {
      const outcomes = await changes.after(['signing_keys', 'services'], () =>
        statements.batch(removal.map((statement) => [statement, { id, subject: `service:${id}` }])),
      );
      return outcomes[2].changes > 0;
    },
  };
}
