import { randomUUID } from 'node:crypto';
import type { RecordStore } from '../../../src/store/records/types';
import { type RecordFixture, service } from './fixture';

const kinds = ['jobs', 'services', 'storedProcesses'] as const;

/** Makes one of a user's records. */
const make: Record<
  (typeof kinds)[number],
  (store: RecordStore, ownerId: string, id: string) => Promise<unknown>
> = {
  jobs: ({ jobs }, ownerId, id) =>
    jobs.create({ id, ownerId, type: 'batch', process: { process_graph: {} } }),
  services: ({ services }, ownerId, id) => services.create(service(id, { ownerId })),
  storedProcesses: ({ storedProcesses }, ownerId, id) =>
    storedProcesses.put({ ownerId, id, process: { process_graph: {}, id }, updatedAt: new Date() }),
};

const refusal = { code: 'RecordLimitExceeded', status: 400 };

/** How many records a user may keep. */
export function describeKept(given: RecordFixture): void {
  describe.each(kinds)('a limit of %s', (kind) => {
    const listOf = async (store: RecordStore, ownerId: string): Promise<readonly { readonly id: string }[]> =>
      (kind === 'storedProcesses'
        ? await store.storedProcesses.list(ownerId)
        : await store[kind].list({ ownerId })
      ).items;
    const removeFrom = (store: RecordStore, ownerId: string, id: string) =>
      kind === 'storedProcesses' ? store.storedProcesses.remove(ownerId, id) : store[kind].remove(id);

    test('holds exactly, whatever comes at once from several servers', async () => {
      const [ownerId, other] = [randomUUID(), randomUUID()];
      const stores = [await given.open(undefined, { [kind]: 5 }), await given.open(undefined, { [kind]: 5 })];
      const outcomes = await Promise.allSettled(
        Array.from({ length: 30 }, (_, index) => make[kind](stores[index % 2], ownerId, randomUUID())),
      );
      const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      expect(refused).toHaveLength(25);
      for (const error of refused) expect(error).toMatchObject(refusal);
      expect(refused[0].message).toMatch(/5\. Delete some .* TILEGRAPH_LIMIT_/);
      const [{ id }, ...rest] = await listOf(stores[0], ownerId);
      expect(rest).toHaveLength(4);
      await make[kind](stores[0], other, randomUUID());
      await removeFrom(stores[0], ownerId, id);
      await make[kind](stores[1], ownerId, randomUUID());
      await expect(make[kind](stores[0], ownerId, randomUUID())).rejects.toMatchObject(refusal);
      // Another server may be told of another limit, or of none.
      await make[kind](given.store, ownerId, randomUUID());
      expect(await listOf(stores[0], ownerId)).toHaveLength(6);
    });
  });

  test('a stored process can be changed where there is no room for another one', async () => {
    const ownerId = randomUUID();
    const { storedProcesses } = await given.open(undefined, { storedProcesses: 1 });
    const put = (id: string, version: number) =>
      storedProcesses.put({
        ownerId,
        id,
        process: { process_graph: {}, id, version },
        updatedAt: new Date(),
      });
    await put('one', 1);
    await put('one', 2);
    await expect(put('two', 1)).rejects.toMatchObject(refusal);
    expect((await storedProcesses.get(ownerId, 'one'))?.process).toMatchObject({ version: 2 });
    expect(await storedProcesses.get(ownerId, 'two')).toBeUndefined();
  });

  test('a job that was made before is found by its key where there is no room for another one', async () => {
    const ownerId = randomUUID();
    const { jobs } = await given.open(undefined, { jobs: 1 });
    const create = (idempotencyKey: string) =>
      jobs.create({
        id: randomUUID(),
        ownerId,
        type: 'batch',
        process: { process_graph: {} },
        idempotencyKey,
      });
    const { job } = await create('once');
    expect(await create('once')).toEqual({ job, isNew: false });
    await expect(create('twice')).rejects.toMatchObject(refusal);
    await jobs.remove(job.id);
    expect((await create('twice')).isNew).toBe(true);
  });
}
