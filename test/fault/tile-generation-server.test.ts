import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../src/base/logger';
import { openObjectStore } from '../../src/store/objects/open';
import type { ObjectStore } from '../../src/store/objects/types';
import { drawing, encode } from '../pyramid/support/pictures';
import { faultRounds } from '../support/fault-rounds';
import { digests, inWork, isTilePut, makeProject, until } from '../support/generations';
import { type ServerProcess, spawnServer } from '../support/process';
import { type S3Server, startFauxqs } from '../support/s3';
import { type S3Proxy, startProxy } from '../support/s3-proxy';

jest.setTimeout(600_000);

/** A server with the embedded engine and SQLite; what it stores goes through a proxy that sees it. */
describe('one server that makes tiles by itself', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tilegraph-fault-tiles-'));
  let s3: S3Server;
  let proxy: S3Proxy;
  let objects: ObjectStore;
  let server: ServerProcess;
  let objectStoreUrl: string;

  const start = () =>
    spawnServer({
      dataDir,
      env: {
        ...s3.credentials,
        ...{ TILEGRAPH_OBJECT_STORE_URL: objectStoreUrl, TILEGRAPH_S3_ENDPOINT: proxy.endpoint },
        ...{ TILEGRAPH_S3_PATH_STYLE: 'true', TILEGRAPH_JOB_LEASE: '1' },
      },
    });
  beforeAll(async () => {
    s3 = await startFauxqs();
    proxy = await startProxy(s3.endpoint);
    objectStoreUrl = `s3://${await s3.newBucket()}/p`;
    objects = await openObjectStore(objectStoreUrl, {
      logger: silentLogger,
      s3: { endpoint: s3.endpoint, isPathStyle: true },
    });
    server = await start();
  });
  afterAll(async () => {
    await server?.stop();
    await objects?.close();
    await proxy?.stop();
    await s3?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const ends = (id: string) =>
    until(`the end of ${id}`, async () => {
      const job = await (await server.call('GET', `${server.url}/api/jobs/${id}`)).json();
      const { status } = job as { status: string };
      return ['completed', 'failed', 'canceled'].includes(status)
        ? (job as Record<string, unknown>)
        : undefined;
    });
  const tilePuts = () => proxy.seen.filter(isTilePut).length;

  test('a job of 500 tiles survives kills of the server at random moments', async () => {
    const picture = await encode(drawing(5000, 4700), 5000, 4700, 'png');
    const project = await makeProject(server, 'killed', picture);
    const plain = await project.start();
    expect(await ends(plain)).toMatchObject({ status: 'completed' });
    const expected = await digests(objects, project.prefix(plain));
    expect(expected.size).toBeGreaterThan(500);

    proxy.seen.length = 0;
    const kills = faultRounds;
    const id = await project.start();
    for (let kill = 1; kill <= kills; kill++) {
      const at = Math.floor(((kill - 0.5 + (Math.random() - 0.5) / 2) * expected.size) / kills);
      await until(`tile ${at}`, () => tilePuts() >= at);
      await server.kill();
      server = await start();
    }
    expect(await ends(id)).toMatchObject({
      ...{ status: 'completed', progress: 100 },
      result: { tile_count: expected.size },
    });
    expect(await digests(objects, project.prefix(id))).toEqual(expected);
    expect(tilePuts()).toBeLessThanOrEqual(expected.size + kills * inWork);
  });
});
