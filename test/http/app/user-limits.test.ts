import { errorOf } from '../../support/api';
import { startServer, type TestServer } from '../../support/server';

const process_graph = { constant: { process_id: 'constant', arguments: { x: 5 }, result: true } };
const astral = '🛰';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({
    ...{ limitJobs: 2, limitServices: 1, limitProcesses: 1, limitTitle: 5, limitDescription: 10 },
  });
});
afterAll(() => server.stop());

/** Calls that make something for the user with the token, with more properties. */
function makers(token: string) {
  const post = (path: string) => (body: object) => server.call('POST', path, body, token);
  const job = post('/jobs');
  const service = post('/services');
  let processes = 0;
  return {
    job: (more: object = {}) => job({ process: { process_graph }, ...more }),
    service: (more: object = {}) => service({ type: 'xyz', process: { process_graph }, ...more }),
    process: (more: object = {}, id = `p${++processes}`) =>
      server.call('PUT', `/process_graphs/${id}`, { process_graph, ...more }, token),
  };
}

test('a user keeps as many jobs, services and processes as the operator allows', async () => {
  const ann = makers(await server.user('ann'));
  const bob = makers(await server.user('bob'));
  expect([(await ann.job()).status, (await ann.job()).status]).toEqual([201, 201]);
  const refused = await ann.job();
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({
    code: 'RecordLimitExceeded',
    message: expect.stringMatching(/jobs .* 2\. Delete .*TILEGRAPH_LIMIT_JOBS/),
  });
  expect((await ann.service()).status).toBe(201);
  expect(await errorOf(await ann.service())).toEqual([400, 'RecordLimitExceeded']);
  expect((await ann.process({}, 'mine')).status).toBe(200);
  expect((await ann.process({}, 'mine')).status).toBe(200);
  expect(await errorOf(await ann.process())).toEqual([400, 'RecordLimitExceeded']);
  expect([(await bob.job()).status, (await bob.service()).status, (await bob.process()).status]).toEqual([
    201, 201, 200,
  ]);
});

test('texts are as long as the operator allows, counted in characters', async () => {
  const token = await server.user('cid');
  const cid = makers(token);
  const long = { title: 'x'.repeat(6) };
  const tooLong = [400, 'TextTooLong'];
  for (const make of [cid.job, cid.service]) {
    expect(await errorOf(await make(long))).toEqual(tooLong);
    expect(await errorOf(await make({ description: 'x'.repeat(11) }))).toEqual(tooLong);
    const made = await make({ title: astral.repeat(5), description: 'x'.repeat(10) });
    expect(made.status).toBe(201);
    const address = made.headers.get('location')!;
    expect(await errorOf(await server.call('PATCH', address, long, token))).toEqual(tooLong);
    expect(await (await server.call('GET', address, undefined, token)).json()).toMatchObject({
      title: astral.repeat(5),
    });
    expect((await server.call('PATCH', address, { title: null }, token)).status).toBe(204);
  }
  const refused = await cid.process({ summary: astral.repeat(6) });
  expect(await refused.json()).toMatchObject({
    code: 'TextTooLong',
    message: 'The summary has 6 characters and may have 5; an operator can raise TILEGRAPH_LIMIT_TITLE.',
  });
  expect(await errorOf(await cid.process({ description: 'x'.repeat(11) }))).toEqual(tooLong);
  expect((await cid.process({ summary: 'short', description: 'x'.repeat(10) })).status).toBe(200);
});
