import { type TestDatabase, testDatabase } from '../support/postgres';
import { describeRecordStore } from './records.contract';

const databases: TestDatabase[] = [];

afterAll(async () => {
  for (const database of databases) await database.drop();
});

describeRecordStore(async () => {
  const database = await testDatabase();
  databases.push(database);
  return database.url;
});
