import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { describeJobStore } from './jobs.contract';
import { describeRecordStore } from './records.contract';

const folder = mkdtempSync(join(tmpdir(), 'tilegraph-records-'));
let count = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const newUrl = async () => `sqlite:///${folder}/folder that is made/records ${++count}.db`;

async function execute(url: string, statement: string): Promise<void> {
  const database = new SQLite(url.replace('sqlite:///', ''));
  database.exec(statement);
  database.close();
}

describeRecordStore(newUrl, (url, statement) => execute(url, statement.replace('created', '0')));
describeJobStore(newUrl, execute);
