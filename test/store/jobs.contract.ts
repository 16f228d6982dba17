import { silentLogger } from '../../src/base/logger';
import { openRecordStore } from '../../src/store/records/open';
import type { RecordStore } from '../../src/store/records/types';
import type { JobFixture } from './jobs/fixture';
import { describeJobRecords } from './jobs/job-records';
import { describeLine } from './jobs/line';
import { describeRuns } from './jobs/runs';

/**
 * What every back-end of the record store does with jobs.
 * @param newUrl names a new, empty database that takes several connections
 * @param byHand runs a statement on a connection that knows nothing of the store
 */
export function describeJobStore(
  newUrl: () => Promise<string>,
  byHand: (url: string, statement: string) => Promise<void>,
): void {
  describe('jobs', () => {
    let url: string;
    let store: RecordStore;
    let other: RecordStore;
    let count = 0;

    const job: JobFixture['job'] = (more) => ({
      ...{ id: `job-${++count}`, ownerId: 'ann', type: 'batch', process: { process_graph: {} } },
      ...more,
    });
    const make: JobFixture['make'] = async (more) => (await store.jobs.create(job(more))).job;
    const given: JobFixture = {
      get store() {
        return store;
      },
      get other() {
        return other;
      },
      get url() {
        return url;
      },
      job,
      make,
      async inLine(more) {
        const { id } = await make(more);
        await store.jobs.queue(id);
        return id;
      },
      byHand: (statement) => byHand(url, statement),
    };

    beforeAll(async () => {
      url = await newUrl();
      store = await openRecordStore(url, { logger: silentLogger });
      other = await openRecordStore(url, { logger: silentLogger });
    });
    afterEach(async () => {
      for (const { id } of (await store.jobs.list({})).items) await store.jobs.remove(id);
    });
    afterAll(async () => {
      await store.close();
      await other.close();
    });

    describeJobRecords(given);
    describeLine(given);
    describeRuns(given);
  });
}
