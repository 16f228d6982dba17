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
