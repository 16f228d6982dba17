import { Client } from 'pg';
import { OpenEOError } from '../../src/base/errors';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { describeEngine } from './engine.contract';
import { ann, openWorld, until } from './support/world';

const databases: TestDatabase[] = [];

jest.setTimeout(120_000);

afterAll(async () => {
  for (const database of databases) await database.drop();
});

async function newUrl(): Promise<string> {
  const database = await testDatabase();
  databases.push(database);
  return database.url;
}

describeEngine('pg-boss', newUrl);

test('a job that failed for good lies in the queue of dead letters, and others do not', async () => {
  const url = await newUrl();
  const world = await openWorld(url, 'pg-boss');
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    world.works.set('good', async () => undefined);
    world.works.set('wrong', async () => {
      throw new OpenEOError('ProcessGraphInvalid', { reason: 'no' });
    });
    const member = await world.join();
    const jobs = [await world.create(member, 'good'), await world.create(member, 'wrong')];
    for (const { id } of jobs) await member.jobs.manager.start(ann, id);
    for (const { id } of jobs) await world.reaches(id, 'completed', 'failed');
    const dead = await until('it lies there', async () => {
      const { rows } = await client.query(`select data from tilegraph_pgboss.job where name = 'jobs-dead'`);
      return rows.length > 0 ? rows : undefined;
    });
    expect(dead).toEqual([
      { data: { id: jobs[1].id, error: expect.objectContaining({ code: 'ProcessGraphInvalid' }) } },
    ]);
  } finally {
    await client.end();
    await world.close();
  }
});
