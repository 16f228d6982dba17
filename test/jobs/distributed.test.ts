import { type TestDatabase, testDatabase } from '../support/postgres';
import { describeEngine } from './engine.contract';

const databases: TestDatabase[] = [];

jest.setTimeout(120_000);

afterAll(async () => {
  for (const database of databases) await database.drop();
});

describeEngine('pg-boss', async () => {
  const database = await testDatabase();
  databases.push(database);
  return database.url;
});
