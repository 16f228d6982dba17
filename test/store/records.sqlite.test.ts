import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { describeRecordStore } from './records.contract';

const folder = mkdtempSync(join(tmpdir(), 'tilegraph-records-'));
let count = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeRecordStore(
  async () => `sqlite:///${folder}/folder that is made/records ${++count}.db`,
  async (url, statement) => {
    const database = new SQLite(url.replace('sqlite:///', ''));
    database.exec(statement.replace('created', '0'));
    database.close();
  },
);
