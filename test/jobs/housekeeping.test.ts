import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { silentLogger } from '../../src/base/logger';
import { Housekeeping } from '../../src/jobs/housekeeping';
import type { JobParts, JobType } from '../../src/jobs/job-type';
import { openObjectStore } from '../../src/store/objects/open';
import { openRecordStore } from '../../src/store/records/open';

test('results and logs expire, and files that no job refers to are removed once they are old', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tilegraph-sweep-'));
  const objects = await openObjectStore(pathToFileURL(folder).href, { logger: silentLogger });
  const records = await openRecordStore('sqlite://', { logger: silentLogger });
  const discarded: string[] = [];
  const type = { id: 'batch', discard: async ({ id }: { id: string }) => void discarded.push(id) };
  const options = {
    parts: { records, objects } as unknown as JobParts,
    types: new Map([['batch', type as unknown as JobType]]),
    logger: silentLogger,
    ...{ resultMs: 60_000, logMs: 60_000, orphanMs: 60_000 },
  };
  const make = async (id: string) => {
    await records.jobs.create({ id, ownerId: 'ann', type: 'batch', process: {} });
    await records.jobs.queue(id);
    const [lease] = await records.jobs.claim({
      ...{ worker: 'w', leaseMs: 60_000, types: ['batch'], limit: 1, perUser: 9, perType: {}, ids: [id] },
    });
    const key = `jobs/${id}/1/a.txt`;
    await objects.put(key, Buffer.from(id));
    const assets = [{ name: 'a.txt', key, mediaType: 'text/plain', size: 1, roles: [] }];
    return {
      lease,
      end: () => records.jobs.complete(lease, { status: 'completed', message: '', result: { assets } }),
    };
  };
  const keys = async () => (await objects.list('')).items.map(({ key }) => key);
  try {
    await (await make('done')).end();
    await make('running');
    await objects.put('jobs/done/1/scrap.txt', Buffer.from('x'));
    await objects.put('jobs/gone/1/a.txt', Buffer.from('x'));
    await objects.put('jobs/fresh/1/a.txt', Buffer.from('x'));
    await objects.put('elsewhere/a.txt', Buffer.from('x'));
    const old = new Date(Date.now() - 3_600_000);
    for (const key of await keys())
      if (!key.startsWith('jobs/fresh')) utimesSync(join(folder, key), old, old);
    await records.logs.append([{ subject: 'job:done', level: 'info', message: 'm', time: old }]);

    expect(await new Housekeeping(options).sweep()).toEqual({ results: 0, logs: 1, orphans: 2 });
    expect(await keys()).toEqual([
      'elsewhere/a.txt',
      'jobs/done/1/a.txt',
      'jobs/fresh/1/a.txt',
      'jobs/running/1/a.txt',
    ]);
    expect(await new Housekeeping({ ...options, resultMs: 0, logMs: 0 }).sweep()).toMatchObject({
      results: 0,
    });

    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await new Housekeeping({ ...options, resultMs: 10 }).sweep()).toMatchObject({ results: 1 });
    expect(await keys()).not.toContain('jobs/done/1/a.txt');
    expect(discarded).toEqual(['done']);
    expect(await records.jobs.get('done')).toMatchObject({ status: 'completed' });
    expect(await records.jobs.get('done')).not.toHaveProperty('result');
  } finally {
    await records.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('folders that nobody refers to are removed: pyramids, tiles and assets of projects, drawn tiles', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tilegraph-sweep-'));
  const objects = await openObjectStore(pathToFileURL(folder).href, { logger: silentLogger });
  const records = await openRecordStore('sqlite://', { logger: silentLogger });
  const housekeeping = (more: object = {}) =>
    new Housekeeping({
      parts: { records, objects } as unknown as JobParts,
      types: new Map(),
      logger: silentLogger,
      ...{ resultMs: 0, logMs: 0, orphanMs: 60_000, ...more },
    });
  const lease = async (id: string) => {
    await records.jobs.create({ id, ownerId: 'ann', type: 'batch', process: {} });
    await records.jobs.queue(id);
    const [job] = await records.jobs.claim({
      ...{ worker: 'w', leaseMs: 60_000, types: ['batch'], limit: 1, perUser: 9, perType: {}, ids: [id] },
    });
    return job;
  };
  const assets = (...keys: string[]) => ({
    assets: keys.map((key) => ({ name: key, key, mediaType: 'text/plain', size: 1, roles: [] })),
  });
  const completed = async (id: string, ...keys: string[]) =>
    records.jobs.complete(await lease(id), { status: 'completed', message: '', result: assets(...keys) });
  const tiles = (job: string) => `mp/island/uploads/tiles/1/${job}/`;
  const kept = [
    // The present pyramid of a complete job; what is in work; what a job that failed may build on.
    ...['pyramids/done/new/0/0/0.png', 'pyramids/done/new/metadata.json'],
    ...['pyramids/running/any/0/0/0.png', 'pyramids/failed/any/0/0/0.png', 'pyramids/fresh/any/0/0/0.png'],
    ...[`${tiles('staged')}0/0/0.png`, `${tiles('known')}0/0/0.png`],
    ...['mp/island/uploads/assets/1/asset/a.png', 'mp/island/other', 'seeds/service/1/0/0.tag'],
  ];
  const left = [
    // Killed between its end and the removal of the older pyramid.
    ...['pyramids/done/old/0/0/0.png', 'pyramids/done/old/0/0/1.png', 'pyramids/done/old/metadata.json'],
    ...['pyramids/canceled/any/0/0/0.png', 'pyramids/gone/any/0/0/0.png', `${tiles('removed')}0/0/0.png`],
    ...['mp/island/uploads/assets/1/none/a.png', 'seeds/gone/1/0/0.tag', 'seeds/gone/1/0/1.tag'],
  ];
  const keys = async () => (await objects.list('')).items.map(({ key }) => key);
  try {
    await completed('done', 'pyramids/done/new/metadata.json');
    await lease('running');
    const failure = { code: 'AssetInvalid', message: 'broken' };
    await records.jobs.complete(await lease('failed'), { status: 'failed', message: '', error: failure });
    await lease('canceled');
    await records.jobs.cancel('canceled');
    await completed('known', `${tiles('known')}metadata.json`);
    const now = new Date();
    const project = { id: 'p', slug: 'island', ownerId: 'ann', createdAt: now, updatedAt: now };
    await records.projects.create(project);
    await records.projects.createDraft({ id: 'v', projectId: 'p', createdAt: now });
    await records.projects.stage('v', { path: tiles('staged'), jobId: 'staged', result: {} });
    await records.projects.createAsset({
      ...{ id: 'asset', projectId: 'p', versionId: 'v', assetType: 'base_map', name: 'a.png', size: 1 },
      ...{ key: 'mp/island/uploads/assets/1/asset/a.png', createdAt: now },
    });
    await records.services.create({
      ...{ id: 'service', ownerId: 'ann', type: 'xyz', enabled: true, process: {}, configuration: {} },
      ...{ logLevel: 'info', revision: 1, createdAt: now, updatedAt: now },
    });
    const old = new Date(Date.now() - 3_600_000);
    for (const key of [...kept, ...left]) {
      await objects.put(key, Buffer.from('x'));
      if (!key.startsWith('pyramids/fresh')) utimesSync(join(folder, key), old, old);
    }

    expect(await housekeeping().sweep()).toMatchObject({ orphans: 6 });
    expect(await keys()).toEqual([...kept].sort());
    // What failed long ago is nobody's hope; and as if killed between a result's expiry and the removal of its tiles.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await housekeeping({ resultMs: 10 }).sweep()).toMatchObject({ results: 2, orphans: 3 });
    const expired = /^pyramids\/(done|failed)|known/;
    expect(await keys()).toEqual(kept.filter((key) => !expired.test(key)).sort());
  } finally {
    await records.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
