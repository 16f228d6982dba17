import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { OpenEOError } from '../../src/base/errors';
import type { JobContext } from '../../src/jobs/job-type';
import type { EngineChoice } from '../../src/jobs/jobs';
import type { JobAsset } from '../../src/store/records/jobs/types';
import { ann, openWorld, until, type World } from './support/world';

async function store(context: JobContext, name: string): Promise<JobAsset> {
  const key = `${context.prefix}${name}`;
  await context.objects.put(key, Buffer.from(name));
  const asset = { name, key, mediaType: 'text/plain', size: name.length, roles: ['data'] };
  await context.addAsset(asset);
  return asset;
}

const forever = ({ signal }: JobContext) => once(signal, 'abort').then(() => signal.throwIfAborted());

/** What every engine does, on every store that it works with. @param newUrl names a new, empty database */
export function describeEngine(engine: EngineChoice['kind'], newUrl: () => Promise<string>): void {
  describe(`the engine ${engine}`, () => {
    let world: World;
    beforeEach(async () => {
      world = await openWorld(await newUrl(), engine);
    });
    afterEach(() => world.close());

    const files = async () => (await world.objects.list('jobs/')).items.map(({ key }) => key);

    test('runs what is started, and nothing before', async () => {
      world.works.set('add', async (context) => {
        context.progress(40, 'Half way');
        await store(context, 'a.txt');
        return { sum: 2, user: context.user.id };
      });
      const member = await world.join();
      const job = await world.create(member, 'add');
      await delay(300);
      expect(await world.records.jobs.get(job.id)).toMatchObject({ status: 'created', run: 0 });
      await member.jobs.manager.start(ann, job.id);
      const done = await world.reaches(job.id, 'completed', 'failed');
      expect(done).toMatchObject({
        ...{ status: 'completed', progress: 100, message: 'completed', costs: 0 },
        result: { assets: [{ name: 'a.txt' }], metadata: { sum: 2, user: 'ann' } },
      });
      expect(done.startedAt!.getTime()).toBeGreaterThanOrEqual(done.queuedAt!.getTime());
      const messages = (await member.jobs.manager.logs(ann, job.id, {})).items.map(({ message }) => message);
      expect(messages).toEqual([
        'The job was created',
        'The job was put in line',
        'The job runs',
        'The job is complete',
      ]);
    });

    test('progress never goes back, and partial results are there while the job runs', async () => {
      world.works.set('slow', async (context) => {
        context.progress(50, 'far');
        await store(context, 'a.txt');
        context.progress(10, 'and on');
        await store(context, 'b.txt');
        return forever(context) as never;
      });
      const member = await world.join();
      const job = await world.create(member, 'slow');
      await member.jobs.manager.start(ann, job.id);
      const now = await until('two results', async () => {
        const row = await world.records.jobs.get(job.id);
        return row?.result?.assets.length === 2 ? row : undefined;
      });
      expect(now).toMatchObject({ status: 'running', progress: 50, message: 'and on' });
    });

    test('cancel reaches code that another process runs, and keeps what there is', async () => {
      let wasAborted = false;
      for (const work of ['with', 'without'])
        world.works.set(work, async (context) => {
          if (work === 'with') await store(context, 'a.txt');
          await context.objects.put(`${context.prefix}scrap.txt`, Buffer.from('x'));
          context.progress(20, 'ready');
          await forever(context).finally(() => {
            wasAborted = true;
          });
          return undefined;
        });
      const [worker, server] = [await world.join(), await world.join({ concurrency: 0 })];
      for (const [work, status] of [
        ['with', 'canceled'],
        ['without', 'created'],
      ] as const) {
        wasAborted = false;
        const job = await world.create(server, work);
        await server.jobs.manager.start(ann, job.id);
        await until('it works', async () => (await world.records.jobs.get(job.id))?.message === 'ready');
        await server.jobs.manager.cancel(ann, job.id);
        expect(await world.records.jobs.get(job.id)).toMatchObject({ status });
        await until('the code stops', () => wasAborted && worker.jobs.engine.running === 0);
        await until('scraps are gone', async () =>
          (await files()).every((key) => !key.endsWith('scrap.txt')),
        );
        expect((await files()).some((key) => key.startsWith(`jobs/${job.id}/`))).toBe(work === 'with');
        // What was canceled can be started again.
        world.works.set(work, async () => undefined);
        await server.jobs.manager.start(ann, job.id);
        await world.reaches(job.id, 'completed');
        expect((await files()).filter((key) => key.startsWith(`jobs/${job.id}/`))).toEqual([]);
      }
    });

    test('a job in line is canceled as if never started, and removing ends what runs', async () => {
      world.works.set('forever', forever as never);
      const member = await world.join({ concurrency: 1 });
      const [first, second] = [await world.create(member, 'forever'), await world.create(member, 'forever')];
      await member.jobs.manager.start(ann, first.id);
      await world.reaches(first.id, 'running');
      await member.jobs.manager.start(ann, second.id);
      await member.jobs.manager.cancel(ann, second.id);
      expect(await world.records.jobs.get(second.id)).toMatchObject({ status: 'created' });
      await member.jobs.manager.remove(ann, first.id);
      await until('nothing runs', () => member.jobs.engine.running === 0);
      await expect(member.jobs.manager.get(ann, first.id)).rejects.toMatchObject({ code: 'JobNotFound' });
    });

    test('failures of the owner are final; passing ones are tried again, a few times', async () => {
      const tries = new Map<string, number>();
      const count = (work: string) => tries.set(work, (tries.get(work) ?? 0) + 1).get(work)!;
      world.works.set('wrong', async () => {
        count('wrong');
        throw new OpenEOError('ProcessGraphInvalid', { reason: 'no' });
      });
      world.works.set('passing', async () => {
        if (count('passing') < 3) throw new OpenEOError('InfrastructureBusy');
        return undefined;
      });
      world.works.set('lasting', async () => {
        count('lasting');
        throw new OpenEOError('InfrastructureBusy');
      });
      world.works.set('bug', async () => {
        count('bug');
        throw new TypeError('secret of the house');
      });
      const member = await world.join();
      const ids = new Map<string, string>();
      for (const work of world.works.keys()) {
        const job = await world.create(member, work);
        ids.set(work, job.id);
        await member.jobs.manager.start(ann, job.id);
      }
      const end = (work: string) => world.reaches(ids.get(work)!, 'completed', 'failed');
      expect(await end('wrong')).toMatchObject({ status: 'failed', error: { code: 'ProcessGraphInvalid' } });
      expect(await end('passing')).toMatchObject({ status: 'completed', attempts: 2 });
      expect(await end('lasting')).toMatchObject({ status: 'failed', error: { code: 'InfrastructureBusy' } });
      const bug = await end('bug');
      expect(bug.error).toMatchObject({ code: 'Internal', id: expect.any(String) });
      expect(JSON.stringify(bug)).not.toContain('secret');
      expect(Object.fromEntries(tries)).toEqual({ wrong: 1, passing: 3, lasting: 3, bug: 1 });
    });

    test('a full disk pauses a job with a clear word, and it goes on when there is room', async () => {
      let isFull = true;
      world.works.set('write', async () => {
        if (isFull) {
          const cause = Object.assign(new Error('no space left'), { code: 'ENOSPC', syscall: 'write' });
          throw new OpenEOError('StorageFailure', {}, { cause });
        }
        return undefined;
      });
      const member = await world.join();
      const job = await world.create(member, 'write');
      await member.jobs.manager.start(ann, job.id);
      const paused = await until('it pauses', async () => {
        const row = await world.records.jobs.get(job.id);
        return row?.message.startsWith('Paused: the storage is full') ? row : undefined;
      });
      expect(paused).toMatchObject({ attempts: 0 });
      isFull = false;
      await world.reaches(job.id, 'completed');
    });

    test('a worker that stops gives its jobs back, and another one ends them', async () => {
      let runs = 0;
      world.works.set('twice', async (context) => {
        if (++runs === 1) await forever(context);
        return undefined;
      });
      const first = await world.join();
      const job = await world.create(first, 'twice');
      await first.jobs.manager.start(ann, job.id);
      await world.reaches(job.id, 'running');
      await until('it runs', () => runs === 1);
      const second = await world.join();
      await first.close();
      const done = await world.reaches(job.id, 'completed');
      expect(done).toMatchObject({ attempts: 0, losses: 0 });
      await until('nothing runs', () => second.jobs.engine.running === 0);
    });

    test('a job that is delivered twice ends as if delivered once', async () => {
      const ends: string[] = [];
      world.works.set('late', async (context) => {
        await store(context, 'a.txt');
        // The first run goes on although its lease is another's, as code does that was asleep meanwhile.
        if (ends.push('begin') === 1) await until('the second run is over', () => ends.includes('end'));
        await context.objects.put(`${context.prefix}a.txt`, Buffer.from(`run ${context.job.run}`));
        ends.push('end');
        return { run: context.job.run };
      });
      const member = await world.join({ leaseMs: 600 });
      const job = await world.create(member, 'late');
      await member.jobs.manager.start(ann, job.id);
      await until('it runs', () => ends.length === 1);
      // As the clock of the database jumps: all leases have ended.
      const other = await world.join({ leaseMs: 60_000 });
      await until('another one has it', async () => {
        const row = await world.records.jobs.get(job.id);
        if (row?.status !== 'running' || row.run > 1) return true;
        await world.records.jobs.renew(row.leaseOwner!, -1000);
        return false;
      });
      const done = await world.reaches(job.id, 'completed');
      expect(done.result).toMatchObject({ metadata: { run: done.run }, assets: [{ name: 'a.txt' }] });
      expect(done.run).toBeGreaterThan(1);
      const { body } = (await world.objects.get(done.result!.assets[0].key))!;
      expect(String(await body.toArray())).toBe(`run ${done.run}`);
      await until('nothing runs', () => other.jobs.engine.running + member.jobs.engine.running === 0);
    });

    test('no more of a user and of a type run at once than may, and higher priority goes first', async () => {
      const order: string[] = [];
      let running = 0;
      let most = 0;
      world.works.set('short', async ({ job }) => {
        most = Math.max(most, ++running);
        order.push(job.title!);
        await delay(30);
        running--;
        return undefined;
      });
      const settings = { perUser: 2, perType: { seed: 1 } };
      const server = await world.join({ concurrency: 0 });
      const jobs = [];
      for (let n = 0; n < 6; n++)
        jobs.push(await world.create(server, 'short', { title: `${n}`, priority: n === 5 ? 9 : 0 }));
      for (const job of jobs) await server.jobs.manager.start(ann, job.id);
      // One of them alone at first: two take what is in line at the same moment.
      await world.join(settings);
      await until('it begins', () => order.length > 0);
      await world.join(settings);
      for (const job of jobs) await world.reaches(job.id, 'completed');
      expect(most).toBeLessThanOrEqual(2);
      expect(order.indexOf('5')).toBeLessThan(2);
    });
  });
}
