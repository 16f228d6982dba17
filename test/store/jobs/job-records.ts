import { asset, ids, type JobFixture, wish } from './fixture';

/** Jobs as rows: made, listed, changed, removed. */
export function describeJobRecords(given: JobFixture): void {
  const { inLine, job, make } = given;

  test('come back as they were made', async () => {
    const full = job({
      ...{ title: 'Zoë 🛰', description: 'd', payload: { __proto: [1] }, logLevel: 'debug' },
      ...{ plan: 'free', budget: 1.5, priority: 3, idempotencyKey: 'k', projectId: 'p', versionId: 'v' },
    });
    const { job: made, isNew } = await given.store.jobs.create(full);
    expect(isNew).toBe(true);
    expect(made).toMatchObject({ ...full, status: 'created', progress: 0, run: 0 });
    expect(await given.store.jobs.get(full.id)).toEqual(made);
    expect(await given.store.jobs.get('nobody')).toBeUndefined();
    expect(Object.keys((await make()) as object)).not.toContain('result');
  });

  test('the same idempotency key makes one job per owner, however many ask at once', async () => {
    const made = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        (n % 2 ? given.store : given.other).jobs.create(job({ idempotencyKey: 'same' })),
      ),
    );
    expect(made.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(made.map((each) => each.job.id)).size).toBe(1);
    expect((await given.store.jobs.create(job({ idempotencyKey: 'same', ownerId: 'bob' }))).isNew).toBe(true);
  });

  test('are listed oldest first, in pages, by owner, project, type and status', async () => {
    const made = [
      await make(),
      await make({ ownerId: 'bob' }),
      await make({ type: 'seed' }),
      await make({ projectId: 'p' }),
    ];
    await given.store.jobs.queue(made[3].id);
    const list = async (filter: object) => ids((await given.store.jobs.list(filter)).items).sort();
    expect(await list({})).toEqual(ids(made));
    expect(await list({ ownerId: 'bob' })).toEqual([made[1].id]);
    expect(await list({ type: 'seed', ownerId: 'ann' })).toEqual([made[2].id]);
    expect(await list({ projectId: 'p', status: 'queued' })).toEqual([made[3].id]);
    expect(await list({ projectId: 'p', status: 'running' })).toEqual([]);
    const first = await given.store.jobs.list({ limit: 3 });
    const second = await given.store.jobs.list({ limit: 3, after: first.next });
    expect(ids([...first.items, ...second.items]).sort()).toEqual(ids(made));
    expect(second.next).toBeUndefined();
  });

  test('change while they are at rest, and not in line or at work', async () => {
    const { id } = await make({ title: 'a', budget: 2 });
    const changed = await given.store.jobs.update(id, { title: null, logLevel: 'error', process: { a: 1 } });
    expect(changed).toMatchObject({ logLevel: 'error', process: { a: 1 }, budget: 2 });
    expect(changed).not.toHaveProperty('title');
    await given.store.jobs.queue(id);
    expect(await given.store.jobs.update(id, { title: 'b' })).toBeUndefined();
    await given.store.jobs.claim(wish());
    expect(await given.store.jobs.update(id, { title: 'b' })).toBeUndefined();
    expect(await given.store.jobs.update('nobody', { title: 'b' })).toBeUndefined();
  });

  test('many are put in line and ended at once, each for itself', async () => {
    const waiting = await Promise.all(Array.from({ length: 5 }, () => make()));
    const busy = await inLine();
    const asked = [...ids(waiting), waiting[0].id, busy, 'nobody'];
    const queued = await Promise.all(asked.map((id) => given.store.jobs.queue(id)));
    expect(queued.map((each) => each?.id)).toEqual([...ids(waiting), undefined, undefined, undefined]);
    const taken = await given.store.jobs.claim(wish({ ids: ids(waiting) }));
    expect(taken).toHaveLength(5);
    const done = { status: 'completed', message: 'completed', costs: 0 } as const;
    const ends = await Promise.all([
      ...taken.slice(0, 2).map((lease) => given.store.jobs.complete(lease, done)),
      given.store.jobs.complete({ ...taken[2], run: taken[2].run + 1 }, done),
      given.store.jobs.complete(taken[2], {
        ...{ status: 'failed', message: 'failed', error: { code: 'Internal', message: 'a \0 \ud800' } },
        result: { assets: [asset] },
      }),
      given.store.jobs.complete({ id: 'nobody', run: 1 }, done),
    ]);
    expect(ends).toEqual([true, true, false, true, false]);
    const [first, , failed, running] = await Promise.all(taken.map(({ id }) => given.store.jobs.get(id)));
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
      expect(await given.store.jobs.get(id)).toBeUndefined();
  });

  test('take logs with them, and go with their owner', async () => {
    await given.store.users.put({ id: 'leaver', name: 'l', roles: [], createdAt: new Date() });
    const { id } = await make({ ownerId: 'leaver' });
    const removed = await make();
    for (const each of [id, removed.id])
      await given.store.logs.append([
        { subject: `job:${each}`, level: 'info', message: 'm', time: new Date() },
      ]);
    expect(await given.store.jobs.remove(removed.id)).toBe(true);
    expect(await given.store.jobs.remove(removed.id)).toBe(false);
    await given.store.users.remove('leaver');
    expect(await given.store.jobs.get(id)).toBeUndefined();
    for (const each of [id, removed.id])
      expect((await given.store.logs.list(`job:${each}`, {})).items).toEqual([]);
  });

  test('those that ended can be found by age, and forget their result', async () => {
    const [old, young, running] = [await inLine(), await inLine(), await inLine()];
    for (const lease of await given.store.jobs.claim(wish()))
      if (lease.id !== running)
        await given.store.jobs.complete(lease, {
          status: 'completed',
          message: '',
          result: { assets: [asset] },
        });
    const ended = async (time: Date) => ids(await given.store.jobs.endedBefore(time, 10)).sort();
    expect(await ended(new Date(Date.now() + 60_000))).toEqual([old, young].sort());
    expect(await ended(new Date(Date.now() - 60_000))).toEqual([]);
    expect(await given.store.jobs.forgetResult(old)).toBe(true);
    expect(await given.store.jobs.forgetResult(running)).toBe(false);
    expect(await given.store.jobs.get(old)).not.toHaveProperty('result');
    expect(await ended(new Date(Date.now() + 60_000))).toEqual([young]);
  });

  test('entries of their logs expire, and those of others stay', async () => {
    const entry = (subject: string, time: Date) =>
      given.store.logs.append([{ subject, level: 'info', message: 'm', time }]);
    const [old, now] = [new Date(Date.now() - 3_600_000), new Date()];
    for (const subject of ['job:a', 'job:b', 'jobs:c', 'service:a']) await entry(subject, old);
    await entry('job:a', now);
    expect(await given.store.logs.removeBefore('job', new Date(Date.now() - 60_000))).toBe(2);
    const left = async (subject: string) => (await given.store.logs.list(subject, {})).items.length;
    expect(await Promise.all(['job:a', 'job:b', 'jobs:c', 'service:a'].map(left))).toEqual([1, 0, 1, 1]);
  });
}
