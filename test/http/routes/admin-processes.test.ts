import request from 'supertest';
import { type Harness, startHarness } from '../support/harness';

let harness: Harness;
let admin: string;
let alice: string;

beforeAll(async () => {
  harness = await startHarness();
  [admin, alice] = [await harness.login('boss', ['admin']), await harness.login('alice', ['uploader'])];
});
afterAll(() => harness.stop());

const twice = {
  id: 'twice',
  description: 'Doubles a number.',
  parameters: [{ name: 'x', description: 'A number.', schema: { type: 'number' } }],
  returns: { description: 'The double.', schema: { type: 'number' } },
  process_graph: {
    m: { process_id: 'multiply', arguments: { x: { from_parameter: 'x' }, y: 2 }, result: true },
  },
};
const send = (method: 'get' | 'put' | 'delete', path: string, body?: object, token = admin) => {
  const sent = request(harness.api)[method](`/admin/processes${path}`).set('Authorization', token);
  return body ? sent.send(body) : sent;
};
const use = (id: string) =>
  request(harness.api)
    .post('/result')
    .set('Authorization', alice)
    .send({ process: { process_graph: { n: { process_id: id, arguments: { x: 4 }, result: true } } } });
const listed = async () =>
  (await request(harness.api).get('/processes')).body.processes.map(({ id }: { id: string }) => id);

test('a process is listed and callable at once, and gone at once', async () => {
  expect((await use('twice')).body.code).toBe('ProcessUnsupported');
  const stored = await send('put', '/twice', twice);
  expect([stored.status, stored.text]).toEqual([200, '']);
  expect(await listed()).toContain('twice');
  expect((await use('twice')).body).toBe(8);
  expect((await send('get', '/twice')).body).toEqual(twice);
  expect((await send('get', '')).body).toEqual({ processes: [twice], links: [] });
  const { process_graph } = twice;
  await send('put', '/twice', {
    ...twice,
    process_graph: { m: { ...process_graph.m, arguments: { x: { from_parameter: 'x' }, y: 3 } } },
  });
  expect((await use('twice')).body).toBe(12);
  // Users cannot take its name.
  const put = request(harness.api).put('/process_graphs/twice').set('Authorization', alice);
  expect((await put.send({ process_graph })).body.code).toBe('PredefinedProcessExists');
  expect((await send('delete', '/twice')).status).toBe(204);
  expect(await listed()).not.toContain('twice');
  expect((await use('twice')).body.code).toBe('ProcessUnsupported');
  for (const method of ['get', 'delete'] as const)
    expect((await send(method, '/twice')).body.code).toBe('NotFound');
});

test('a bad one is refused with its reasons, and what was there goes on', async () => {
  await send('put', '/twice', twice);
  const bad = {
    ...twice,
    process_graph: { m: { process_id: 'nothing', arguments: { x: 1 }, result: true } },
  };
  const answer = await send('put', '/twice', bad);
  expect([answer.status, answer.body.code]).toEqual([400, 'ProcessInvalid']);
  expect(answer.body.message).toMatch(/nothing/);
  expect((await use('twice')).body).toBe(8);
  await send('delete', '/twice');
});

test.each([
  ['add', twice],
  ['no-hyphens', twice],
  ['a%20b', twice],
  ['x', {}],
  ['x', { ...twice, parameters: 7 }],
  ['x', { ...twice, process_graph: undefined }],
  ['x', { ...twice, process_graph: {} }],
])('%s cannot be %j', async (id, body) => {
  const answer = await send('put', `/${id}`, body);
  expect([answer.status, answer.body.code]).toEqual([400, 'ProcessInvalid']);
  expect(answer.body.message.length).toBeGreaterThan(30);
});

test('only administrators may', async () => {
  for (const [method, path] of [
    ['get', ''],
    ['get', '/x'],
    ['put', '/x'],
    ['delete', '/x'],
  ] as const) {
    expect((await send(method, path, undefined, alice)).body.code).toBe('PermissionsInsufficient');
    expect((await request(harness.api)[method](`/admin/processes${path}`)).status).toBe(401);
  }
});
