import { ids, type JobFixture, wish } from './fixture';

/** Which job a worker gets next. */
export function describeLine(given: JobFixture): void {
  const { inLine } = given;

  test('go by priority, then by age', async () => {
    const [low, high, alsoHigh] = [
      await inLine(),
      await inLine({ priority: 5 }),
      await inLine({ priority: 5 }),
    ];
    const taken: string[] = [];
    for (let n = 0; n < 4; n++) taken.push(...ids(await given.store.jobs.claim(wish({ limit: 1 }))));
    expect(taken).toEqual([high, alsoHigh, low]);
  });

  test('no owner and no type gets more places than it may, and others pass those who wait', async () => {
    for (let n = 0; n < 5; n++) await inLine({ ownerId: 'greedy', priority: 9 });
    for (let n = 0; n < 3; n++) await inLine({ ownerId: 'bob', type: 'seed' });
    const taken = [
      ...(await given.store.jobs.claim(wish({ perUser: 2, perType: { seed: 1 } }))),
      ...(await given.other.jobs.claim(wish({ worker: 'two', perUser: 2, perType: { seed: 1 } }))),
    ];
    expect(taken.filter(({ ownerId }) => ownerId === 'greedy')).toHaveLength(2);
    expect(taken.filter(({ type }) => type === 'seed')).toHaveLength(1);
    await given.store.jobs.complete(taken.find(({ type }) => type === 'seed')!, {
      ...{ status: 'completed', message: 'completed' },
    });
    const next = await given.store.jobs.claim(wish({ perUser: 2, perType: { seed: 1 } }));
    expect(next.map(({ type }) => type)).toEqual(['seed']);
  });

  test('a crowd of one owner in line does not keep others waiting', async () => {
    for (let n = 0; n < 300; n++) await inLine({ ownerId: 'greedy' });
    const id = await inLine({ ownerId: 'bob' });
    await given.store.jobs.claim(wish({ perUser: 1, limit: 1 }));
    expect(ids(await given.store.jobs.claim(wish({ perUser: 1, limit: 5 })))).toEqual([id]);
  });

  test('many workers take each job once', async () => {
    for (let n = 0; n < 40; n++) await inLine();
    const taken = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        (n % 2 ? given.store : given.other).jobs.claim(wish({ worker: `w${n}`, limit: 7, perUser: 30 })),
      ),
    );
    expect(taken.flat()).toHaveLength(30);
    expect(new Set(ids(taken.flat())).size).toBe(30);
  });

  test('only types that the worker knows, and only the job that was asked for', async () => {
    await inLine({ type: 'unknown' });
    const [one, two] = [await inLine(), await inLine()];
    expect(ids(await given.store.jobs.claim(wish({ ids: [two] })))).toEqual([two]);
    expect(ids(await given.store.jobs.claim(wish()))).toEqual([one]);
    expect(await given.store.jobs.claim(wish({ ids: [two] }))).toEqual([]);
    const many = [await inLine(), await inLine(), await inLine(), await inLine(), await inLine(), 'none'];
    expect(ids(await given.store.jobs.claim(wish({ ids: many.slice(0, 2) }))).sort()).toEqual(
      many.slice(0, 2),
    );
    expect(ids(await given.store.jobs.claim(wish({ ids: many }))).sort()).toEqual(many.slice(2, 5));
    expect(await given.store.jobs.claim(wish({ ids: [] }))).toEqual([]);
  });

  test('what waits for long can be found, in the order of the line', async () => {
    const [low, high] = [await inLine(), await inLine({ priority: 2 })];
    expect(ids(await given.store.jobs.overdue(0, 10))).toEqual([high, low]);
    expect(ids(await given.store.jobs.overdue(0, 1))).toEqual([high]);
    expect(await given.store.jobs.overdue(60_000, 10)).toEqual([]);
  });

  test('a postponed job waits for its time', async () => {
    const id = await inLine();
    const [lease] = await given.store.jobs.claim(wish());
    await given.store.jobs.postpone(lease, { delayMs: 60_000, message: 'again', isFailure: true });
    expect(await given.store.jobs.get(id)).toMatchObject({ status: 'queued', attempts: 1, message: 'again' });
    expect(await given.store.jobs.claim(wish())).toEqual([]);
    await given.byHand(`update jobs set next_at = created_at where id = '${id}'`);
    // Nobody reads of a pause that is over.
    expect(await given.store.jobs.claim(wish())).toMatchObject([
      { id, status: 'running', message: 'running' },
    ]);
  });
}
