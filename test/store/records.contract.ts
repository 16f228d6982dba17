import { silentLogger } from '../../src/base/logger';
import { openRecordStore } from '../../src/store/records/open';
import type { RecordStore } from '../../src/store/records/types';
import { describeChanges } from './records/changes';
import type { RecordFixture } from './records/fixture';
import { describeKept } from './records/kept';
import { describeLogs } from './records/logs';
import { describeProjects } from './records/projects';
import { describeServices } from './records/services';
import { describeUploads } from './records/uploads';
import { describeUsers } from './records/users';

/**
 * What every back-end of the record store does.
 * @param newUrl names a new, empty database that takes several connections
 * @param byHand runs a statement on a connection that knows nothing of the store; `created` stands for a time
 */
export function describeRecordStore(
  newUrl: () => Promise<string>,
  byHand: (url: string, statement: string) => Promise<void>,
): void {
  const opened: RecordStore[] = [];
  let url: string;
  let store: RecordStore;
  const open: RecordFixture['open'] = async (address = url, kept) => {
    const another = await openRecordStore(address, { logger: silentLogger, maxLogEntries: 10, kept });
    opened.push(another);
    return another;
  };
  const given: RecordFixture = {
    get store() {
      return store;
    },
    get url() {
      return url;
    },
    open,
    newUrl,
    byHand: (statement) => byHand(url, statement),
  };

  beforeAll(async () => {
    url = await newUrl();
    store = await open();
  });
  afterAll(async () => {
    for (const each of opened) await each.close();
  });

  describeUsers(given);
  describeServices(given);
  describeKept(given);
  describeLogs(given);
  describeUploads(given);
  describeChanges(given);
  describeProjects(given);
}
