import { silentLogger } from '../../src/base/logger';
import type { ClaimRequest, JobAsset, JobRecord, NewJob } from '../../src/store/records/jobs/types';
import { openRecordStore } from '../../src/store/records/open';
import type { RecordStore } from '../../src/store/records/types';

const asset: JobAsset = {
  name: 'result.tif',
  key: 'jobs/1/1/result.tif',
  mediaType: 'image/tiff',
  size: 12,
  roles: ['data'],
};

/**
 * What every back-end of the record store does with jobs.
 * @param newUrl names a new, empty database that takes several connections
 * @param byHand runs a statement on a connection that knows nothing of the store
 */
export function describeJobStore(
  newUrl: () => Promise<string>,
  byHand: (url: string, statement: string) => Promise<void>,
): void {
  describe('jobs', () => {
    let url: string;
    let store: RecordStore;
    let other: RecordStore;
    let count = 0;

    beforeAll(async () => {
      url = await newUrl();
      store = await openRecordStore(url, { logger: silentLogger });
      other = await openRecordStore(url, { logger: silentLogger });
    });
    afterEach(async () => {
      for (const { id } of (await store.jobs.list({})).items) await store.jobs.remove(id);
    });
    afterAll(async () => {
      await store.close();
      await other.close();
    });

    const job = (more: Partial<NewJob> = {}): NewJob => ({
      ...{ id: `job-${++count}`, ownerId: 'ann', type: 'batch', process: { process_graph: {} } },
      ...more,
    });
    const make = async (more: Partial<NewJob> = {}): Promise<JobRecord> =>
      (await store.jobs.create(job(more))).job;
    const inLine = async (more: Partial<NewJob> = {}): Promise<string> => {
      const { id } = await make(more);
      await store.jobs.queue(id);
      return id;
    };
    const wish = (more: Partial<ClaimRequest> = {}): ClaimRequest => ({
      ...{ worker: 'one', leaseMs: 60_000, types: ['batch', 'seed'], limit: 10, perUser: 100, perType: {} },
      ...more,
    });
    const ids = (jobs: readonly JobRecord[]) => jobs.map(({ id }) => id);

    test('come back as they were made', async () => {
      const full = job({
        ...{ title: 'Zoë 🛰', description: 'd', payload: { __proto: [1] }, logLevel: 'debug' },
        ...{ plan: 'free', budget: 1.5, priority: 3, idempotencyKey: 'k', projectId: 'p', versionId: 'v' },
      });
      const { job: made, isNew } = await store.jobs.create(full);
      expect(isNew).toBe(true);
      expect(made).toMatchObject({ ...full, status: 'created', progress: 0, run: 0 });
      expect(await store.jobs.get(full.id)).toEqual(made);
      expect(await store.jobs.get('nobody')).toBeUndefined();
      expect(Object.keys((await make()) as object)).not.toContain('result');
    });

    test('the same idempotency key makes one job per owner, however many ask at once', async () => {
      const made = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          (n % 2 ? store : other).jobs.create(job({ idempotencyKey: 'same' })),
        ),
      );
      expect(made.filter(({ isNew }) => isNew)).toHaveLength(1);
      expect(new Set(made.map((each) => each.job.id)).size).toBe(1);
      expect((await store.jobs.create(job({ idempotencyKey: 'same', ownerId: 'bob' }))).isNew).toBe(true);
    });

    test('are listed oldest first, in pages, by owner, project, type and status', async () => {
      const made = [
        await make(),
        await make({ ownerId: 'bob' }),
        await make({ type: 'seed' }),
        await make({ projectId: 'p' }),
      ];
      await store.jobs.queue(made[3].id);
      const list = async (filter: object) => ids((await store.jobs.list(filter)).items).sort();
      expect(await list({})).toEqual(ids(made));
      expect(await list({ ownerId: 'bob' })).toEqual([made[1].id]);
      expect(await list({ type: 'seed', ownerId: 'ann' })).toEqual([made[2].id]);
      expect(await list({ projectId: 'p', status: 'queued' })).toEqual([made[3].id]);
      expect(await list({ projectId: 'p', status: 'running' })).toEqual([]);
      const first = await store.jobs.list({ limit: 3 });
      const second = await store.jobs.list({ limit: 3, after: first.next });
      expect(ids([...first.items, ...second.items]).sort()).toEqual(ids(made));
      expect(second.next).toBeUndefined();
    });

    test('change while they are at rest, and not in line or at work', async () => {
      const { id } = await make({ title: 'a', budget: 2 });
      const changed = await store.jobs.update(id, { title: null, logLevel: 'error', process: { a: 1 } });
      expect(changed).toMatchObject({ logLevel: 'error', process: { a: 1 }, budget: 2 });
      expect(changed).not.toHaveProperty('title');
      await store.jobs.queue(id);
      expect(await store.jobs.update(id, { title: 'b' })).toBeUndefined();
      await store.jobs.claim(wish());
      expect(await store.jobs.update(id, { title: 'b' })).toBeUndefined();
      expect(await store.jobs.update('nobody', { title: 'b' })).toBeUndefined();
    });

    test('many are put in line and ended at once, each for itself', async () => {
      const waiting = await Promise.all(Array.from({ length: 5 }, () => make()));
      const busy = await inLine();
      const asked = [...ids(waiting), waiting[0].id, busy, 'nobody'];
      const queued = await Promise.all(asked.map((id) => store.jobs.queue(id)));
      expect(queued.map((each) => each?.id)).toEqual([...ids(waiting), undefined, undefined, undefined]);
      const taken = await store.jobs.claim(wish({ ids: ids(waiting) }));
      expect(taken).toHaveLength(5);
      const done = { status: 'completed', message: 'completed', costs: 0 } as const;
      const ends = await Promise.all([
        ...taken.slice(0, 2).map((lease) => store.jobs.complete(lease, done)),
        store.jobs.complete({ ...taken[2], run: taken[2].run + 1 }, done),
        store.jobs.complete(taken[2], {
          ...{ status: 'failed', message: 'failed', error: { code: 'Internal', message: 'a \0 \ud800' } },
          result: { assets: [asset] },
        }),
        store.jobs.complete({ id: 'nobody', run: 1 }, done),
      ]);
      expect(ends).toEqual([true, true, false, true, false]);
      const [first, , failed, running] = await Promise.all(taken.map(({ id }) => store.jobs.get(id)));
      expect(first).toMatchObject({ status: 'completed', progress: 100, costs: 0 });
      expect(first?.completedAt).toBeInstanceOf(Date);
      expect(first).not.toHaveProperty('error');
      expect(failed).toMatchObject({
        ...{ status: 'failed', progress: 0, error: { message: 'a \0 \ud800' } },
        result: { assets: [asset] },
      });
      expect(running).toMatchObject({ status: 'running', leaseOwner: 'one' });
    });

    test('ids that cannot be are nobody', async () => {
      for (const id of ['a\0b', '\ud800', '__proto__', "' or 1=1 --", '', 'x'.repeat(10_000)])
        expect(await store.jobs.get(id)).toBeUndefined();
    });

    test('go by priority, then by age', async () => {
      const [low, high, alsoHigh] = [
        await inLine(),
        await inLine({ priority: 5 }),
        await inLine({ priority: 5 }),
      ];
      const taken: string[] = [];
      for (let n = 0; n < 4; n++) taken.push(...ids(await store.jobs.claim(wish({ limit: 1 }))));
      expect(taken).toEqual([high, alsoHigh, low]);
    });

    test('no owner and no type gets more places than it may, and others pass those who wait', async () => {
      for (let n = 0; n < 5; n++) await inLine({ ownerId: 'greedy', priority: 9 });
      for (let n = 0; n < 3; n++) await inLine({ ownerId: 'bob', type: 'seed' });
      const taken = [
        ...(await store.jobs.claim(wish({ perUser: 2, perType: { seed: 1 } }))),
        ...(await other.jobs.claim(wish({ worker: 'two', perUser: 2, perType: { seed: 1 } }))),
      ];
      expect(taken.filter(({ ownerId }) => ownerId === 'greedy')).toHaveLength(2);
      expect(taken.filter(({ type }) => type === 'seed')).toHaveLength(1);
      await store.jobs.complete(taken.find(({ type }) => type === 'seed')!, {
        ...{ status: 'completed', message: 'completed' },
      });
      const next = await store.jobs.claim(wish({ perUser: 2, perType: { seed: 1 } }));
      expect(next.map(({ type }) => type)).toEqual(['seed']);
    });

    test('a crowd of one owner in line does not keep others waiting', async () => {
      for (let n = 0; n < 300; n++) await inLine({ ownerId: 'greedy' });
      const id = await inLine({ ownerId: 'bob' });
      await store.jobs.claim(wish({ perUser: 1, limit: 1 }));
      expect(ids(await store.jobs.claim(wish({ perUser: 1, limit: 5 })))).toEqual([id]);
    });

    test('many workers take each job once', async () => {
      for (let n = 0; n < 40; n++) await inLine();
      const taken = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          (n % 2 ? store : other).jobs.claim(wish({ worker: `w${n}`, limit: 7, perUser: 30 })),
        ),
      );
      expect(taken.flat()).toHaveLength(30);
      expect(new Set(ids(taken.flat())).size).toBe(30);
    });

    test('only types that the worker knows, and only the job that was asked for', async () => {
      await inLine({ type: 'unknown' });
      const [one, two] = [await inLine(), await inLine()];
      expect(ids(await store.jobs.claim(wish({ ids: [two] })))).toEqual([two]);
      expect(ids(await store.jobs.claim(wish()))).toEqual([one]);
      expect(await store.jobs.claim(wish({ ids: [two] }))).toEqual([]);
      const many = [await inLine(), await inLine(), await inLine(), await inLine(), await inLine(), 'none'];
      expect(ids(await store.jobs.claim(wish({ ids: many.slice(0, 2) }))).sort()).toEqual(many.slice(0, 2));
      expect(ids(await store.jobs.claim(wish({ ids: many }))).sort()).toEqual(many.slice(2, 5));
      expect(await store.jobs.claim(wish({ ids: [] }))).toEqual([]);
    });

    test('what waits for long can be found, in the order of the line', async () => {
      const [low, high] = [await inLine(), await inLine({ priority: 2 })];
      expect(ids(await store.jobs.overdue(0, 10))).toEqual([high, low]);
      expect(ids(await store.jobs.overdue(0, 1))).toEqual([high]);
      expect(await store.jobs.overdue(60_000, 10)).toEqual([]);
    });

    test('a lease that ended is given to another, and the first can write nothing any more', async () => {
      const id = await inLine();
      const [first] = await store.jobs.claim(wish({ leaseMs: 0 }));
      await new Promise((resolve) => setTimeout(resolve, 5));
      const [second] = await other.jobs.claim(wish({ worker: 'two' }));
      expect(second).toMatchObject({ id, status: 'running', leaseOwner: 'two', losses: 1 });
      expect(second.run).toBe(first.run + 1);
      expect(await store.jobs.report(first, { progress: 50 })).toBe(false);
      expect(await store.jobs.complete(first, { status: 'completed', message: '' })).toBe(false);
      expect(await store.jobs.postpone(first, { delayMs: 0, message: '', isFailure: true })).toBe(false);
      expect(await store.jobs.renew('one', 1000)).toEqual([]);
      expect(await store.jobs.renew('two', 1000)).toEqual([{ id, run: second.run }]);
      expect(await other.jobs.complete(second, { status: 'completed', message: 'done' })).toBe(true);
      expect(await store.jobs.get(id)).toMatchObject({ status: 'completed', progress: 100 });
    });

    test('a worker that claims renews what it has before anybody can take it', async () => {
      await inLine();
      const [held] = await store.jobs.claim(wish({ leaseMs: 0 }));
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(await store.jobs.claim(wish())).toEqual([]);
      expect(await other.jobs.claim(wish({ worker: 'two' }))).toEqual([]);
      expect(await store.jobs.report(held, { progress: 1 })).toBe(true);
    });

    test('a lease that a wrong clock put far into the future has ended', async () => {
      const id = await inLine();
      await store.jobs.claim(wish({ leaseMs: 3_600_000 }));
      expect(await store.jobs.recover()).toEqual([id]);
    });

    test('a job that ends its workers without getting on is given up; one that gets on is not', async () => {
      const id = await inLine();
      for (let n = 0; n < 9; n++) {
        const [lease] = await store.jobs.claim(wish({ leaseMs: -1000 }));
        expect(lease.id).toBe(id);
        await store.jobs.recover();
      }
      const [lease] = await store.jobs.claim(wish({ leaseMs: -1000 }));
      await store.jobs.report(lease, { progress: 10 });
      expect(await store.jobs.recover()).toEqual([id]);
      for (let n = 0; n < 9; n++) {
        await store.jobs.claim(wish({ leaseMs: -1000 }));
        await store.jobs.recover();
      }
      expect(await store.jobs.get(id)).toMatchObject({ status: 'failed', error: { code: 'Internal' } });
    });

    test('progress and result are kept, and the number never goes back', async () => {
      const id = await inLine();
      const [lease] = await store.jobs.claim(wish());
      await store.jobs.report(lease, { progress: 30, message: 'a' });
      await store.jobs.report(lease, { progress: 20, message: 'b' });
      await store.jobs.report(lease, { result: { assets: [asset] } });
      expect(await store.jobs.get(id)).toMatchObject({
        ...{ progress: 30, message: 'b', result: { assets: [asset] } },
      });
      await store.jobs.complete(lease, {
        status: 'failed',
        message: 'failed',
        error: { code: 'X', message: 'y' },
      });
      expect(await store.jobs.get(id)).toMatchObject({
        ...{ status: 'failed', progress: 30, error: { code: 'X' }, result: { assets: [asset] } },
      });
      const again = await store.jobs.queue(id);
      expect(again).toMatchObject({ status: 'queued', progress: 0, run: 1 });
      for (const gone of ['result', 'error', 'startedAt', 'completedAt'])
        expect(again).not.toHaveProperty(gone);
      expect(await store.jobs.queue(id)).toBeUndefined();
    });

    test('a postponed job waits for its time', async () => {
      const id = await inLine();
      const [lease] = await store.jobs.claim(wish());
      await store.jobs.postpone(lease, { delayMs: 60_000, message: 'again', isFailure: true });
      expect(await store.jobs.get(id)).toMatchObject({ status: 'queued', attempts: 1, message: 'again' });
      expect(await store.jobs.claim(wish())).toEqual([]);
      await byHand(url, `update jobs set next_at = created_at where id = '${id}'`);
      expect(ids(await store.jobs.claim(wish()))).toEqual([id]);
    });

    test('canceling ends it at once: with results canceled, without any as if never started', async () => {
      const [fresh, half] = [await inLine(), await inLine()];
      const leases = await store.jobs.claim(wish());
      await store.jobs.report(leases.find(({ id }) => id === half)!, { result: { assets: [asset] } });
      expect(await other.jobs.cancel(fresh)).toMatchObject({ status: 'created' });
      expect(await other.jobs.cancel(half)).toMatchObject({
        status: 'canceled',
        result: { assets: [asset] },
      });
      expect(await store.jobs.renew('one', 1000)).toEqual([]);
      expect(await store.jobs.cancel(half)).toBeUndefined();
      expect(await store.jobs.cancel('nobody')).toBeUndefined();
    });

    test('other processes hear of work in line and of cancels, and not of progress', async () => {
      const heard: string[] = [];
      const stop = other.onChange((topic) => heard.push(topic));
      const until = async (isTrue: () => boolean) => {
        for (let waited = 0; !isTrue() && waited < 10_000; waited += 20)
          await new Promise((resolve) => setTimeout(resolve, 20));
        expect(isTrue()).toBe(true);
      };
      await new Promise((resolve) => setTimeout(resolve, 300));
      heard.length = 0;
      const id = await inLine();
      await until(() => heard.includes('jobs'));
      const [lease] = await store.jobs.claim(wish());
      const before = heard.length;
      await store.jobs.report(lease, { progress: 5 });
      await store.users.put({ id: 'news', name: 'news', roles: [], createdAt: new Date() });
      await until(() => heard.includes('users'));
      expect(heard.slice(before)).not.toContain('jobs');
      await store.jobs.cancel(id);
      await until(() => heard.slice(before).includes('jobs'));
      stop();
    });

    test('take logs with them, and go with their owner', async () => {
      await store.users.put({ id: 'leaver', name: 'l', roles: [], createdAt: new Date() });
      const { id } = await make({ ownerId: 'leaver' });
      const removed = await make();
      for (const each of [id, removed.id])
        await store.logs.append([{ subject: `job:${each}`, level: 'info', message: 'm', time: new Date() }]);
      expect(await store.jobs.remove(removed.id)).toBe(true);
      expect(await store.jobs.remove(removed.id)).toBe(false);
      await store.users.remove('leaver');
      expect(await store.jobs.get(id)).toBeUndefined();
      for (const each of [id, removed.id])
        expect((await store.logs.list(`job:${each}`, {})).items).toEqual([]);
    });

    test('receivers are told of every end, however it came about, and of nothing else', async () => {
      const told = async (receiver: string) => {
        const deliveries = await store.webhooks.claim(receiver, 100, 60_000);
        for (const { id } of deliveries) await store.webhooks.remove(id);
        return deliveries.map(({ event, jobId }) => `${event} ${jobId}`).sort();
      };
      const take = async () => (await store.jobs.claim(wish({ ids: [await inLine()] })))[0];
      await store.jobs.complete(await take(), { status: 'completed', message: '' });
      await store.webhooks.register(['a', 'b']);
      await store.webhooks.register(['b']);
      const completed = await take();
      await store.jobs.complete(completed, { status: 'completed', message: 'done' });
      await store.jobs.complete(completed, { status: 'completed', message: 'done' });
      const failed = await take();
      const error = { code: 'Internal', message: 'nul \0' };
      await store.jobs.complete(failed, { status: 'failed', message: 'failed', error });
      const canceled = await take();
      await store.jobs.cancel(canceled.id);
      const partial = await take();
      await store.jobs.report(partial, { result: { assets: [asset] } });
      await store.jobs.cancel(partial.id);
      const postponed = await take();
      await store.jobs.postpone(postponed, { delayMs: 0, message: 'again', isFailure: true });
      const lost = await take();
      await byHand(url, `update jobs set losses = 9 where id = '${lost.id}'`);
      await store.jobs.renew('one', -1000);
      await store.jobs.recover();
      await store.jobs.remove(completed.id);
      const expected = [
        `job.canceled ${canceled.id}`,
        `job.canceled ${partial.id}`,
        `job.completed ${completed.id}`,
        `job.failed ${failed.id}`,
        `job.failed ${lost.id}`,
      ].sort();
      expect(await told('a')).toEqual(expected);
      const [first] = await store.webhooks.claim('b', 1, 60_000);
      expect(first).toMatchObject({
        ...{ receiverId: 'b', jobId: completed.id, jobType: 'batch', ownerId: 'ann', message: 'done' },
        ...{ attempts: 1, endedAt: expect.any(Date) },
      });
      const others = await Promise.all(
        [1, 2, 3].map((n) => (n % 2 ? store : other).webhooks.claim('b', 2, 0)),
      );
      expect(new Set(others.flat().map(({ id }) => id)).has(first.id)).toBe(false);
      // What was taken by another since is not this one's business.
      await store.webhooks.postpone({ id: first.id, attempts: 7 }, 0);
      expect((await store.webhooks.claim('b', 9, 0)).map(({ id }) => id)).not.toContain(first.id);
      await store.webhooks.postpone(first, 0);
      expect(await told('b')).toEqual(expected);
      await store.jobs.complete(await take(), { status: 'completed', message: '' });
      const past = url.startsWith('postgres') ? "now() - interval '3 days'" : '0';
      await byHand(url, `update webhook_deliveries set ended_at = ${past}`);
      await byHand(url, `update webhook_receivers set seen_at = ${past} where id = 'a'`);
      expect(await store.webhooks.expire()).toBe(2);
      await store.jobs.complete(await take(), { status: 'completed', message: '' });
      expect([await told('a'), (await told('b')).length]).toEqual([[], 1]);
      await byHand(url, 'delete from webhook_receivers');
    });

    test('those that ended can be found by age, and forget their result', async () => {
      const [old, young, running] = [await inLine(), await inLine(), await inLine()];
      for (const lease of await store.jobs.claim(wish()))
        if (lease.id !== running)
          await store.jobs.complete(lease, { status: 'completed', message: '', result: { assets: [asset] } });
      const ended = async (time: Date) => ids(await store.jobs.endedBefore(time, 10)).sort();
      expect(await ended(new Date(Date.now() + 60_000))).toEqual([old, young].sort());
      expect(await ended(new Date(Date.now() - 60_000))).toEqual([]);
      expect(await store.jobs.forgetResult(old)).toBe(true);
      expect(await store.jobs.forgetResult(running)).toBe(false);
      expect(await store.jobs.get(old)).not.toHaveProperty('result');
      expect(await ended(new Date(Date.now() + 60_000))).toEqual([young]);
    });

    test('entries of their logs expire, and those of others stay', async () => {
      const entry = (subject: string, time: Date) =>
        store.logs.append([{ subject, level: 'info', message: 'm', time }]);
      const [old, now] = [new Date(Date.now() - 3_600_000), new Date()];
      for (const subject of ['job:a', 'job:b', 'jobs:c', 'service:a']) await entry(subject, old);
      await entry('job:a', now);
      expect(await store.logs.removeBefore('job', new Date(Date.now() - 60_000))).toBe(2);
      const left = async (subject: string) => (await store.logs.list(subject, {})).items.length;
      expect(await Promise.all(['job:a', 'job:b', 'jobs:c', 'service:a'].map(left))).toEqual([1, 0, 1, 1]);
    });
  });
}
