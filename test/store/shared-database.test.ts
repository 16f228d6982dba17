import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../src/base/logger';
import { openRecordStore } from '../../src/store/records/open';
import { openTileStore } from '../../src/store/tiles/open';
import { testDatabase } from '../support/postgres';

async function useBoth(url: string): Promise<void> {
  const options = { logger: silentLogger };
  const [records, tiles] = await Promise.all([openRecordStore(url, options), openTileStore(url, options)]);
  const user = { id: 'ann', name: 'Ann', roles: [], createdAt: new Date(0) };
  const claim = {
    serviceId: 's',
    userId: 'ann',
    actorId: 'ann',
    zoom: 3,
    xRange: [0, 7],
    yRange: [0, 7],
  } as const;
  await Promise.all([
    ...Array.from({ length: 10 }, () => records.users.put(user)),
    tiles.assignments.claim(claim),
  ]);
  expect(await records.users.get('ann')).toEqual(user);
  expect(await tiles.assignments.list('s')).toHaveLength(1);
  // What leaves the records leaves the tiles alone.
  await records.users.remove('ann');
  expect(await tiles.assignments.list('s')).toHaveLength(1);
  await records.close();
  await tiles.ping();
  await tiles.close();
}

test('records and tiles share one SQLite file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tilegraph-shared-'));
  await useBoth(`sqlite:///${folder}/both.db`);
  rmSync(folder, { recursive: true });
});

test('records and tiles share one PostgreSQL database', async () => {
  const database = await testDatabase();
  await useBoth(database.url);
  await database.drop();
});
