import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../src/base/logger';
import { openRecordStore } from '../../src/store/records/open';
import type { RecordStore } from '../../src/store/records/types';
import { runCommand } from '../support/process';

const folder = mkdtempSync(join(tmpdir(), 'tilegraph-cli-jobs-'));
let records: RecordStore;

beforeAll(async () => {
  records = await openRecordStore(`sqlite:///${folder}/tilegraph.db`, { logger: silentLogger });
});
afterAll(async () => {
  await records.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = (...args: string[]) => runCommand(args, { env: { TILEGRAPH_DATA_DIR: folder } });

async function lease(id: string) {
  await records.jobs.create({ id, ownerId: 'ann', type: 'batch', process: {} });
  await records.jobs.queue(id);
  const limits = { limit: 1, perUser: 9, perType: {} };
  const [job] = await records.jobs.claim({
    worker: 'w',
    leaseMs: 60_000,
    types: ['batch'],
    ids: [id],
    ...limits,
  });
  return job;
}

test('jobs are listed, and watched to their end, with an exit code that tells how it was', async () => {
  const good = await lease('good');
  const watching = run('jobs', 'watch', 'good');
  await records.jobs.report(good, { progress: 42, message: 'Half' });
  expect((await run('jobs', 'list')).output).toMatch(/^good +batch +ann +running +42 % +Half$/m);
  await records.jobs.complete(good, { status: 'completed', message: 'completed' });
  const watched = await watching;
  expect([watched.code, watched.errors]).toEqual([0, '']);
  expect(watched.output).toMatch(/100\.0 % {2}completed\n$/);

  const bad = await lease('bad');
  await records.jobs.complete(bad, {
    ...{ status: 'failed', message: 'failed', error: { code: 'SourceUnreadable', message: 'No such file.' } },
  });
  const failed = await run('jobs', 'watch', 'bad');
  expect(failed.code).toBe(1);
  expect(failed.output).toMatch(/SourceUnreadable: No such file\./);
});

test('jobs are canceled by operators, and what is wrong is said', async () => {
  await lease('long');
  expect(await run('jobs', 'cancel', 'long')).toMatchObject({ code: 0, output: 'Canceled the job long\n' });
  expect(await records.jobs.get('long')).toMatchObject({ status: 'created' });
  expect((await run('jobs', 'cancel', 'long')).output).toMatch(/was not in line and not at work/);
  expect(await run('jobs', 'watch', 'nobody')).toMatchObject({
    code: 1,
    errors: 'There is no job "nobody".\n',
  });
  expect((await run('jobs', 'watch')).code).toBe(2);
  expect((await run('jobs')).errors).toMatch(/jobs list\|watch ID\|cancel ID/);
  const idle = await runCommand(['worker'], {
    env: { TILEGRAPH_DATA_DIR: folder, TILEGRAPH_JOB_CONCURRENCY: '0' },
  });
  expect(idle.errors).toMatch(/at least 1/);
  const lite = await runCommand(['worker'], {
    env: { TILEGRAPH_DATA_DIR: folder, TILEGRAPH_JOBS: 'pg-boss' },
  });
  expect(lite.errors).toMatch(/needs PostgreSQL/);
});
