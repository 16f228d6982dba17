import { Client } from 'pg';
import { silentLogger } from '../../src/base/logger';
import { openRecordStore } from '../../src/store/records/open';
import type { ChangeTopic } from '../../src/store/records/types';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { describeJobStore } from './jobs.contract';
import { describeRecordStore } from './records.contract';

const databases: TestDatabase[] = [];

afterAll(async () => {
  for (const database of databases) await database.drop();
});

async function newUrl(): Promise<string> {
  const database = await testDatabase();
  databases.push(database);
  return database.url;
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}

describeRecordStore(newUrl, (url, statement) => execute(url, statement.replace('created', 'now()')));

describeJobStore(newUrl, execute);

test('changes are also found where notifications get lost, as behind some connection poolers', async () => {
  const url = await newUrl();
  const store = await openRecordStore(url, { logger: silentLogger });
  const heard: ChangeTopic[] = [];
  const connected = new Promise<void>((resolve) => {
    store.onChange((topic) => {
      heard.push(topic);
      resolve();
    });
  });
  await connected;
  await new Promise((resolve) => setTimeout(resolve, 50));
  heard.length = 0;
  // What a change does, less the notification.
  await execute(url, "update record_changes set revision = revision + 1 where topic = 'services'");
  for (let waitedMs = 0; heard.length === 0 && waitedMs < 5000; waitedMs += 20)
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(heard).toEqual(['services']);
  await store.close();
});
