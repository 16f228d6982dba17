import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { silentLogger } from '../../../src/base/logger';
import type { EngineSettings } from '../../../src/jobs/engines/engine';
import type { JobContext, JobParts, JobType } from '../../../src/jobs/job-type';
import { createJobs, type EngineChoice, type Jobs } from '../../../src/jobs/jobs';
import { openObjectStore } from '../../../src/store/objects/open';
import type { ObjectStore } from '../../../src/store/objects/types';
import type { JobRecord, NewJob } from '../../../src/store/records/jobs/types';
import { openRecordStore } from '../../../src/store/records/open';
import type { RecordStore, User } from '../../../src/store/records/types';

export const ann: User = { id: 'ann', name: 'Ann', roles: [] };

/** Waits for a condition, generously: machines that test are busy. */
export async function until<T>(
  what: string,
  isTrue: () => Promise<T | undefined> | T | undefined,
  timeoutMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await isTrue();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`It did not happen in time: ${what}`);
    await delay(20);
  }
}

/** What a step of a job of the tests does, by the payload's `work`. */
export type Work = (context: JobContext) => Promise<Record<string, unknown> | undefined>;

/** A process of a deployment: its own connections to the same stores. */
export interface Member {
  readonly jobs: Jobs;
  readonly records: RecordStore;
  close(): Promise<void>;
}

/** Stores of one deployment, and the members that work on them. */
export interface World {
  readonly records: RecordStore;
  readonly objects: ObjectStore;
  /** What jobs with `payload.work` do. */
  readonly works: Map<string, Work>;
  join(settings?: Partial<EngineSettings>): Promise<Member>;
  create(member: Member, work: string, more?: Partial<NewJob>): Promise<JobRecord>;
  /** Waits until the job is in this state. */
  reaches(id: string, ...states: JobRecord['status'][]): Promise<JobRecord>;
  close(): Promise<void>;
}

const usual: EngineSettings = { concurrency: 4, perUser: 100, perType: {}, leaseMs: 1000, pollMs: 100 };

/**
 * @param url names a database that takes several connections
 */
export async function openWorld(url: string, engine: EngineChoice['kind'] = 'embedded'): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'tilegraph-jobs-'));
  const objects = await openObjectStore(pathToFileURL(folder).href, { logger: silentLogger });
  const records = await openRecordStore(url, { logger: silentLogger });
  await records.users.put({ ...ann, createdAt: new Date() });
  const works = new Map<string, Work>();
  const type = (id: string): JobType => ({
    id,
    payload: { type: 'object', properties: { work: { type: 'string' } }, additionalProperties: false },
    retry: { attempts: 3, delayMs: 10 },
    run: (payload, context) => works.get(String(payload['work']))!(context),
    estimate: async () => ({ values: 0, seconds: 0, bytes: 0 }),
  });
  const members: Member[] = [];
  return {
    ...{ records, objects, works },
    async join(settings = {}) {
      const own = await openRecordStore(url, { logger: silentLogger });
      const jobs = createJobs({
        engine:
          engine === 'embedded'
            ? { kind: engine }
            : { kind: engine, connectionString: url, isWorker: settings.concurrency !== 0 },
        parts: { records: own, objects } as unknown as JobParts,
        records: own,
        logger: silentLogger,
        settings: { ...usual, ...settings },
        pauseMs: 50,
        retention: { resultMs: 0, logMs: 0 },
        types: [type('batch'), type('seed')],
      });
      await jobs.engine.start();
      let isOpen = true;
      const member = {
        ...{ jobs, records: own },
        async close() {
          if (!isOpen) return;
          isOpen = false;
          await jobs.close();
          await own.close();
        },
      };
      members.push(member);
      return member;
    },
    create: (member, work, more = {}) =>
      member.jobs.manager.create(ann, {
        ...{ type: 'batch', process: { process_graph: {} }, payload: { work } },
        ...more,
      }),
    reaches: (id, ...states) =>
      until(`job is ${states.join(' or ')}`, async () => {
        const job = await records.jobs.get(id);
        return job && states.includes(job.status) ? job : undefined;
      }),
    async close() {
      for (const member of members) await member.close();
      await records.close();
      await objects.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
