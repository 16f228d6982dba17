import { randomUUID } from 'node:crypto';
import { silentLogger } from '../../../src/base/logger';
import { openRecordStore } from '../../../src/store/records/open';
import type { ChangeTopic } from '../../../src/store/records/types';
import { type RecordFixture, service, until, user } from './fixture';

/** What servers hear of each other, and the end of a store. */
export function describeChanges(given: RecordFixture): void {
  describe('onChange', () => {
    test('tells of own changes before they return, of each topic, and not of what changed nothing', async () => {
      const heard: ChangeTopic[] = [];
      const fresh = await given.open(await given.newUrl());
      const stop = fresh.onChange((topic) => heard.push(topic));
      const done = async (change: Promise<unknown>) => {
        heard.length = 0;
        await change;
        return [...heard];
      };
      const at = new Date(0);
      expect(await done(fresh.users.put(user('u')))).toContain('users');
      expect(
        await done(fresh.tokens.put({ digest: 'd', userId: 'u', expiresAt: at, createdAt: at })),
      ).toContain('tokens');
      expect(await done(fresh.services.create(service('s')))).toContain('services');
      expect(await done(fresh.services.update('s', { enabled: false }))).toContain('services');
      expect(
        await done(fresh.storedProcesses.put({ ownerId: 'u', id: 'p', process: {}, updatedAt: at })),
      ).toContain('stored_processes');
      expect(
        await done(fresh.registeredProcesses.put({ id: 'p', process: {}, registeredBy: 'u', updatedAt: at })),
      ).toContain('registered_processes');
      expect(
        await done(
          fresh.signingKeys.create({ id: 'k', subject: 's', secret: Buffer.from('k'), createdAt: at }),
        ),
      ).toContain('signing_keys');
      stop();
      expect(await done(fresh.users.remove('u'))).toEqual([]);
    });

    test('tells another server, which then reads the new state', async () => {
      const other = await given.open();
      const heard = new Set<ChangeTopic>();
      const stop = other.onChange((topic) => heard.add(topic));
      const told: [ChangeTopic, () => Promise<unknown>][] = [
        ['users', () => given.store.users.put(user('far'))],
        ['services', () => given.store.services.create(service(randomUUID()))],
        [
          'tokens',
          () =>
            given.store.tokens.put({
              digest: 'far',
              userId: 'far',
              expiresAt: new Date(),
              createdAt: new Date(),
            }),
        ],
        ['tokens', () => given.store.tokens.removeOf('far')],
        ['users', () => given.store.users.remove('far')],
      ];
      for (const [topic, change] of told) {
        // What was told before belongs to earlier changes.
        await new Promise((resolve) => setTimeout(resolve, 50));
        heard.clear();
        await change();
        await until(() => heard.has(topic));
      }
      expect(await other.users.get('far')).toBeUndefined();
      stop();
    });

    test('tells of changes that somebody makes by hand in the database', async () => {
      const heard: ChangeTopic[] = [];
      const stop = given.store.onChange((topic) => heard.push(topic));
      await new Promise((resolve) => setTimeout(resolve, 100));
      heard.length = 0;
      await given.byHand("insert into settings values ('by', 'hand')");
      await given.byHand("insert into registered_processes values ('by hand', '{}', 'x', created)");
      await until(() => heard.includes('registered_processes'));
      stop();
    });

    test('a listener that throws does not keep others from hearing', async () => {
      const heard: ChangeTopic[] = [];
      const stops = [
        given.store.onChange(() => {
          throw new Error('broken');
        }),
        given.store.onChange((topic) => heard.push(topic)),
      ];
      await given.store.users.put(user('loud'));
      for (const stop of stops) stop();
      expect(heard).toContain('users');
    });
  });

  test('is unavailable once closed', async () => {
    const closed = await openRecordStore(given.url, { logger: silentLogger });
    await closed.ping();
    await closed.close();
    await expect(closed.ping()).rejects.toMatchObject({ code: 'StoreUnavailable' });
    await expect(closed.users.get('ann')).rejects.toMatchObject({ code: 'StoreUnavailable' });
    await closed.close();
  });
}
