import { sql } from 'drizzle-orm';
import { toRows } from '../sql/rows';
import { bind, columnList, rowReader } from '../sql/statements';
import type { RecordDatabase } from './database';
import type { RecordStore, WebhookDelivery } from './types';

const dayMs = 24 * 60 * 60_000;
/** What could not be told for so long is of no use any more. */
const deliveryMs = dayMs;
/** Receivers that no process has named for so long are gone. */
const receiverMs = 2 * dayMs;

/** What webhooks have yet to be told. Triggers of the table of jobs write it. */
export function createWebhooks({
  tables,
  statements,
  clock,
  rowsGiven,
}: RecordDatabase): RecordStore['webhooks'] {
  const { webhookReceivers: receivers, webhookDeliveries: deliveries } = tables;
  const read = rowReader<WebhookDelivery>(deliveries);
  const name = (column: { readonly name: string }) => sql.identifier(column.name);
  const before = (ms: number) => clock.after(sql.raw(String(-ms)));
  const named = { id: receivers.id };
  const register = statements.prepare(
    sql`insert into ${receivers} (${name(receivers.id)}, ${name(receivers.seenAt)}) select id, ${clock.now} from ${rowsGiven(named)} where true on conflict (${name(receivers.id)}) do update set ${name(receivers.seenAt)} = ${clock.now}`,
    'webhooks.register',
  );
  const due = sql`${deliveries.receiverId} = ${bind(deliveries.receiverId, 'receiverId')} and ${deliveries.nextAt} <= ${clock.now}`;
  // Asked for twice: who waited for another that took the row looks at it anew.
  const claim = statements.prepare(
    sql`update ${deliveries} set ${name(deliveries.attempts)} = ${deliveries.attempts} + 1, ${name(deliveries.nextAt)} = ${clock.after(bind(deliveries.attempts, 'leaseMs'))}
      where ${deliveries.id} in (select ${deliveries.id} from ${deliveries} where ${due} order by ${deliveries.nextAt} limit ${sql.placeholder('limit')}) and ${due} returning ${columnList(deliveries)}`,
    'webhooks.claim',
  );
  const idIs = sql`${deliveries.id} = ${bind(deliveries.id, 'id')}`;
  const remove = statements.prepare(sql`delete from ${deliveries} where ${idIs}`, 'webhooks.remove');
  const postpone = statements.prepare(
    sql`update ${deliveries} set ${name(deliveries.nextAt)} = ${clock.after(bind(deliveries.attempts, 'delayMs'))} where ${idIs} and ${deliveries.attempts} = ${bind(deliveries.attempts, 'attempts')}`,
    'webhooks.postpone',
  );
  const expire = [
    statements.prepare(
      sql`delete from ${deliveries} where ${deliveries.endedAt} < ${before(deliveryMs)}`,
      'webhooks.expire',
    ),
    statements.prepare(
      sql`delete from ${receivers} where ${receivers.seenAt} < ${before(receiverMs)}`,
      'webhooks.forget',
    ),
  ];

  return {
    async register(ids) {
      await statements.run(register, {
        rows: toRows(
          named,
          ids.map((id) => ({ id })),
        ),
      });
    },
    async claim(receiverId, limit, leaseMs) {
      const { rows } = await statements.run(claim, { receiverId, limit, leaseMs });
      return rows.map(read);
    },
    async remove(id) {
      await statements.run(remove, { id });
    },
    async postpone({ id, attempts }, delayMs) {
      await statements.run(postpone, { id, attempts, delayMs: Math.round(delayMs) });
    },
    async expire() {
      const [expired] = await statements.batch(expire.map((statement) => [statement, {}]));
      return expired.changes;
    },
  };
}
