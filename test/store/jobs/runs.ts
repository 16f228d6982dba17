import { until } from '../records/fixture';
import { asset, type JobFixture, wish } from './fixture';

/** Jobs at work: leases, progress, ends, and who hears of them. */
export function describeRuns(given: JobFixture): void {
  const { inLine } = given;

  test('a lease that ended is given to another, and the first can write nothing any more', async () => {
    const id = await inLine();
    const [first] = await given.store.jobs.claim(wish({ leaseMs: 0 }));
    await new Promise((resolve) => setTimeout(resolve, 5));
    const [second] = await given.other.jobs.claim(wish({ worker: 'two' }));
    expect(second).toMatchObject({ id, status: 'running', leaseOwner: 'two', losses: 1 });
    expect(second.run).toBe(first.run + 1);
    expect(await given.store.jobs.report(first, { progress: 50 })).toBe(false);
    expect(await given.store.jobs.complete(first, { status: 'completed', message: '' })).toBe(false);
    expect(await given.store.jobs.postpone(first, { delayMs: 0, message: '', isFailure: true })).toBe(false);
    expect(await given.store.jobs.renew('one', 1000)).toEqual([]);
    expect(await given.store.jobs.renew('two', 1000)).toEqual([{ id, run: second.run }]);
    expect(await given.other.jobs.complete(second, { status: 'completed', message: 'done' })).toBe(true);
    expect(await given.store.jobs.get(id)).toMatchObject({ status: 'completed', progress: 100 });
  });

  test('a worker that claims renews what it has before anybody can take it', async () => {
    await inLine();
    const [held] = await given.store.jobs.claim(wish({ leaseMs: 0 }));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await given.store.jobs.claim(wish())).toEqual([]);
    expect(await given.other.jobs.claim(wish({ worker: 'two' }))).toEqual([]);
    expect(await given.store.jobs.report(held, { progress: 1 })).toBe(true);
  });

  test('a lease that a wrong clock put far into the future has ended', async () => {
    const id = await inLine();
    await given.store.jobs.claim(wish({ leaseMs: 3_600_000 }));
    expect(await given.store.jobs.recover()).toEqual([id]);
  });

  test('a job that ends its workers without getting on is given up; one that gets on is not', async () => {
    const id = await inLine();
    for (let n = 0; n < 9; n++) {
      const [lease] = await given.store.jobs.claim(wish({ leaseMs: -1000 }));
      expect(lease.id).toBe(id);
      await given.store.jobs.recover();
    }
    const [lease] = await given.store.jobs.claim(wish({ leaseMs: -1000 }));
    await given.store.jobs.report(lease, { progress: 10 });
    expect(await given.store.jobs.recover()).toEqual([id]);
    for (let n = 0; n < 9; n++) {
      await given.store.jobs.claim(wish({ leaseMs: -1000 }));
      await given.store.jobs.recover();
    }
    expect(await given.store.jobs.get(id)).toMatchObject({ status: 'failed', error: { code: 'Internal' } });
  });

  test('progress and result are kept, and the number never goes back', async () => {
    const id = await inLine();
    const [lease] = await given.store.jobs.claim(wish());
    await given.store.jobs.report(lease, { progress: 30, message: 'a' });
    await given.store.jobs.report(lease, { progress: 20, message: 'b' });
    await given.store.jobs.report(lease, { result: { assets: [asset] } });
    expect(await given.store.jobs.get(id)).toMatchObject({
      ...{ progress: 30, message: 'b', result: { assets: [asset] } },
    });
    await given.store.jobs.complete(lease, {
      status: 'failed',
      message: 'failed',
      error: { code: 'X', message: 'y' },
    });
    expect(await given.store.jobs.get(id)).toMatchObject({
      ...{ status: 'failed', progress: 30, error: { code: 'X' }, result: { assets: [asset] } },
    });
    const again = await given.store.jobs.queue(id);
    expect(again).toMatchObject({ status: 'queued', progress: 0, run: 1 });
    for (const gone of ['result', 'error', 'startedAt', 'completedAt'])
      expect(again).not.toHaveProperty(gone);
    expect(await given.store.jobs.queue(id)).toBeUndefined();
  });

  test('canceling ends it at once: with results canceled, without any as if never started', async () => {
    const [fresh, half] = [await inLine(), await inLine()];
    const leases = await given.store.jobs.claim(wish());
    await given.store.jobs.report(leases.find(({ id }) => id === half)!, { result: { assets: [asset] } });
    expect(await given.other.jobs.cancel(fresh)).toMatchObject({ status: 'created' });
    expect(await given.other.jobs.cancel(half)).toMatchObject({
      status: 'canceled',
      result: { assets: [asset] },
    });
    expect(await given.store.jobs.renew('one', 1000)).toEqual([]);
    expect(await given.store.jobs.cancel(half)).toBeUndefined();
    expect(await given.store.jobs.cancel('nobody')).toBeUndefined();
  });

  test('other processes hear of work in line and of cancels, and not of progress', async () => {
    const heard: string[] = [];
    const stop = given.other.onChange((topic) => heard.push(topic));
    await new Promise((resolve) => setTimeout(resolve, 300));
    heard.length = 0;
    const id = await inLine();
    await until(() => heard.includes('jobs'), 10_000);
    const [lease] = await given.store.jobs.claim(wish());
    const before = heard.length;
    await given.store.jobs.report(lease, { progress: 5 });
    await given.store.users.put({ id: 'news', name: 'news', roles: [], createdAt: new Date() });
    await until(() => heard.includes('users'), 10_000);
    expect(heard.slice(before)).not.toContain('jobs');
    await given.store.jobs.cancel(id);
    await until(() => heard.slice(before).includes('jobs'), 10_000);
    stop();
  });

  test('receivers are told of every end, however it came about, and of nothing else', async () => {
    const told = async (receiver: string) => {
      const deliveries = await given.store.webhooks.claim(receiver, 100, 60_000);
      for (const { id } of deliveries) await given.store.webhooks.remove(id);
      return deliveries.map(({ event, jobId }) => `${event} ${jobId}`).sort();
    };
    const take = async () => (await given.store.jobs.claim(wish({ ids: [await inLine()] })))[0];
    await given.store.jobs.complete(await take(), { status: 'completed', message: '' });
    await given.store.webhooks.register(['a', 'b']);
    await given.store.webhooks.register(['b']);
    const completed = await take();
    await given.store.jobs.complete(completed, { status: 'completed', message: 'done' });
    await given.store.jobs.complete(completed, { status: 'completed', message: 'done' });
    const failed = await take();
    const error = { code: 'Internal', message: 'nul \0' };
    await given.store.jobs.complete(failed, { status: 'failed', message: 'failed', error });
    const canceled = await take();
    await given.store.jobs.cancel(canceled.id);
    const partial = await take();
    await given.store.jobs.report(partial, { result: { assets: [asset] } });
    await given.store.jobs.cancel(partial.id);
    const postponed = await take();
    await given.store.jobs.postpone(postponed, { delayMs: 0, message: 'again', isFailure: true });
    const lost = await take();
    await given.byHand(`update jobs set losses = 9 where id = '${lost.id}'`);
    await given.store.jobs.renew('one', -1000);
    await given.store.jobs.recover();
    await given.store.jobs.remove(completed.id);
    const expected = [
      `job.canceled ${canceled.id}`,
      `job.canceled ${partial.id}`,
      `job.completed ${completed.id}`,
      `job.failed ${failed.id}`,
      `job.failed ${lost.id}`,
    ].sort();
    expect(await told('a')).toEqual(expected);
    const [first] = await given.store.webhooks.claim('b', 1, 60_000);
    expect(first).toMatchObject({
      ...{ receiverId: 'b', jobId: completed.id, jobType: 'batch', ownerId: 'ann', message: 'done' },
      ...{ attempts: 1, endedAt: expect.any(Date) },
    });
    const others = await Promise.all(
      [1, 2, 3].map((n) => (n % 2 ? given.store : given.other).webhooks.claim('b', 2, 0)),
    );
    expect(new Set(others.flat().map(({ id }) => id)).has(first.id)).toBe(false);
    // What was taken by another since is not this one's business.
    await given.store.webhooks.postpone({ id: first.id, attempts: 7 }, 0);
    expect((await given.store.webhooks.claim('b', 9, 0)).map(({ id }) => id)).not.toContain(first.id);
    await given.store.webhooks.postpone(first, 0);
    expect(await told('b')).toEqual(expected);
    await given.store.jobs.complete(await take(), { status: 'completed', message: '' });
    const past = given.url.startsWith('postgres') ? "now() - interval '3 days'" : '0';
    await given.byHand(`update webhook_deliveries set ended_at = ${past}`);
    await given.byHand(`update webhook_receivers set seen_at = ${past} where id = 'a'`);
    expect(await given.store.webhooks.expire()).toBe(2);
    await given.store.jobs.complete(await take(), { status: 'completed', message: '' });
    expect([await told('a'), (await told('b')).length]).toEqual([[], 1]);
    await given.byHand('delete from webhook_receivers');
  });
}
