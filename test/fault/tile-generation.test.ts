import { drawing, encode } from '../pyramid/support/pictures';
import { digests, isTilePut, makeProject, until } from '../support/generations';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { spawnWorker } from '../support/process';
import type { Fault } from '../support/s3-proxy';
import { startServer, type TestServer } from '../support/server';
import {
  killWhileTilesAreMade,
  largePicture,
  machineFolder,
  startWatchedBucket,
  type WatchedBucket,
} from './support/tile-jobs';

jest.setTimeout(600_000);

let bucket: WatchedBucket;
beforeAll(async () => {
  bucket = await startWatchedBucket();
});
afterAll(() => bucket?.stop());
beforeEach(() => {
  bucket.proxy.fault = undefined;
  bucket.proxy.seen.length = 0;
});

const row = (server: TestServer, id: string) => server.application.records.jobs.get(id);
const ends = (server: TestServer, id: string) =>
  until(`the end of ${id}`, async () => {
    const job = await row(server, id);
    return job && ['completed', 'failed', 'created', 'canceled'].includes(job.status) ? job : undefined;
  });

describe('on one server, with its objects in a bucket', () => {
  let server: TestServer;
  let picture: Buffer;
  beforeAll(async () => {
    const s3 = { s3Endpoint: bucket.proxy.endpoint, s3PathStyle: true };
    server = await startServer({ objectStoreUrl: await bucket.newUrl(), ...s3 });
    picture = await encode(drawing(1500, 1100), 1500, 1100, 'png');
  });
  afterAll(() => server.stop());

  test('a bucket that fails a third of the requests gets every tile as it should be', async () => {
    const project = await makeProject(server, 'shaky', picture);
    const plain = await project.start();
    expect((await ends(server, plain)).status).toBe('completed');
    const faults: Fault[] = [503, 'reset', 429, 'lose', 500, 'cut'];
    let count = 0;
    bucket.proxy.fault = () => (++count % 3 === 0 ? faults[(count / 3) % faults.length] : undefined);
    const shaken = await project.start();
    // Requests are repeated. Under jest the SDK takes an answer that is cut off for none of Node's errors, as they are of
    // another realm: then the job is tried again.
    expect(await ends(server, shaken)).toMatchObject({ status: 'completed' });
    bucket.proxy.fault = undefined;
    const { objects } = server.application;
    const expected = await digests(objects, project.prefix(plain));
    expect(expected.size).toBe(30 + 9 + 4 + 1);
    expect(await digests(objects, project.prefix(shaken))).toEqual(expected);
  });

  test.each<[string, (request: { method?: string; url?: string }) => boolean]>([
    [
      'while the source is downloaded',
      ({ method, url }) => method === 'GET' && /\/uploads\/assets\//.test(url ?? ''),
    ],
    ['at the first tile', isTilePut],
    ['in the middle of the tiles', (request) => isTilePut(request) && bucket.tilePuts() > 20],
    ['while it is finished', ({ method, url }) => method === 'PUT' && /tilejson\.json/.test(url ?? '')],
  ])('canceled %s it ends at once and leaves nothing', async (stage, isReached) => {
    const project = await makeProject(server, `cancel-${stage.replaceAll(' ', '-')}`, picture);
    let reached = false;
    bucket.proxy.fault = (request) => {
      if (!isReached(request)) return undefined;
      reached = true;
      return 'hang';
    };
    const id = await project.start();
    await until(stage, () => reached);
    const answer = await server.call('DELETE', `/jobs/${id}/results`);
    expect(answer.status).toBe(204);
    expect((await row(server, id))?.status).toBe('created');
    bucket.proxy.fault = undefined;
    const { objects } = server.application;
    await until('the removal of the tiles', async () => {
      const { items } = await objects.list(project.prefix(id));
      return items.length === 0;
    });
    // It may be started again, and comes to its end.
    await server.call('POST', `/jobs/${id}/results`);
    expect((await ends(server, id)).status).toBe('completed');
    expect((await digests(objects, project.prefix(id))).size).toBe(44);
  });
});

describe('on workers that share nothing but the database and a bucket', () => {
  let database: TestDatabase;
  let server: TestServer;
  let objectStoreUrl: string;
  beforeAll(async () => {
    database = await testDatabase();
    objectStoreUrl = await bucket.newUrl();
    const s3 = { s3Endpoint: bucket.proxy.endpoint, s3PathStyle: true };
    server = await startServer({
      ...{ storeUrl: database.url, objectStoreUrl, ...s3 },
      ...{ jobs: 'pg-boss', jobLease: 1 },
    });
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  /** A worker on a machine of its own, which is lost with its disk. */
  async function machine() {
    const { dataDir, lose } = machineFolder();
    const env = {
      ...bucket.env(objectStoreUrl),
      ...{ TILEGRAPH_STORE_URL: database.url, TILEGRAPH_JOBS: 'pg-boss' },
    };
    const worker = await spawnWorker({ dataDir, env });
    return {
      worker,
      async lose() {
        await worker.kill();
        lose();
      },
    };
  }

  test('a job of 500 tiles is finished by others when workers and their disks are lost', async () => {
    const project = await makeProject(server, 'five-hundred', await largePicture());
    const { objects } = server.application;
    let current = await machine();
    const plain = await project.start();
    expect((await ends(server, plain)).status).toBe('completed');
    const expected = await digests(objects, project.prefix(plain));
    expect(expected.size).toBeGreaterThan(500);

    bucket.proxy.seen.length = 0;
    const id = await project.start();
    const most = await killWhileTilesAreMade(bucket, expected.size, async () => {
      await current.lose();
      current = await machine();
    });
    const job = await ends(server, id);
    expect(job).toMatchObject({ status: 'completed', progress: 100 });
    expect(job.result?.metadata).toMatchObject({ tile_count: expected.size });
    expect(await digests(objects, project.prefix(id))).toEqual(expected);
    expect(bucket.tilePuts()).toBeLessThanOrEqual(most);
    await current.worker.stop();
  });
});
