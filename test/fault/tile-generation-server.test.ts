import { silentLogger } from '../../src/base/logger';
import { openObjectStore } from '../../src/store/objects/open';
import type { ObjectStore } from '../../src/store/objects/types';
import { digests, makeProject, until } from '../support/generations';
import { type ServerProcess, spawnServer } from '../support/process';
import {
  killWhileTilesAreMade,
  largePicture,
  machineFolder,
  startWatchedBucket,
  type WatchedBucket,
} from './support/tile-jobs';

jest.setTimeout(600_000);

/** A server with the embedded engine and SQLite; what it stores goes through a proxy that sees it. */
describe('one server that makes tiles by itself', () => {
  const { dataDir, lose } = machineFolder();
  let bucket: WatchedBucket;
  let objects: ObjectStore;
  let server: ServerProcess;
  let env: Record<string, string>;

  beforeAll(async () => {
    bucket = await startWatchedBucket();
    const url = await bucket.newUrl();
    env = bucket.env(url);
    objects = await openObjectStore(url, {
      logger: silentLogger,
      s3: { endpoint: bucket.s3.endpoint, isPathStyle: true },
    });
    server = await spawnServer({ dataDir, env });
  });
  afterAll(async () => {
    await server?.stop();
    await objects?.close();
    await bucket?.stop();
    lose();
  });

  const ends = (id: string) =>
    until(`the end of ${id}`, async () => {
      const job = await (await server.call('GET', `${server.url}/api/jobs/${id}`)).json();
      const { status } = job as { status: string };
      return ['completed', 'failed', 'canceled'].includes(status)
        ? (job as Record<string, unknown>)
        : undefined;
    });

  test('a job of 500 tiles survives kills of the server at random moments', async () => {
    const project = await makeProject(server, 'killed', await largePicture());
    const plain = await project.start();
    expect(await ends(plain)).toMatchObject({ status: 'completed' });
    const expected = await digests(objects, project.prefix(plain));
    expect(expected.size).toBeGreaterThan(500);

    bucket.proxy.seen.length = 0;
    const id = await project.start();
    const most = await killWhileTilesAreMade(bucket, expected.size, async () => {
      await server.kill();
      server = await spawnServer({ dataDir, env });
    });
    expect(await ends(id)).toMatchObject({
      ...{ status: 'completed', progress: 100 },
      result: { tile_count: expected.size },
    });
    expect(await digests(objects, project.prefix(id))).toEqual(expected);
    expect(bucket.tilePuts()).toBeLessThanOrEqual(most);
  });
});
