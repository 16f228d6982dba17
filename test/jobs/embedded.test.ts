import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { describeEngine } from './engine.contract';

const folder = mkdtempSync(join(tmpdir(), 'tilegraph-engine-'));
const databases: TestDatabase[] = [];
let count = 0;

jest.setTimeout(120_000);

afterAll(async () => {
  for (const database of databases) await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

describe('on SQLite', () => {
  describeEngine('embedded', async () => `sqlite:///${folder}/${++count}.db`);
});

describe('on PostgreSQL', () => {
  describeEngine('embedded', async () => {
    const database = await testDatabase();
    databases.push(database);
    return database.url;
  });
});
