import request from 'supertest';
import { type Harness, startHarness } from '../support/harness';

let harness: Harness;
let alice: string;
let bob: string;

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());

let count = 0;
beforeEach(async () => {
  count++;
  [alice, bob] = [await harness.login(`alice${count}`), await harness.login(`bob${count}`)];
});

const graph = { add: { process_id: 'add', arguments: { x: { from_parameter: 'x' }, y: 1 }, result: true } };
const described = {
  summary: 'Adds one',
  description: 'Adds one to a number.',
  parameters: [{ name: 'x', description: 'A number.', schema: { type: 'number' } }],
  returns: { schema: { type: 'number' } },
  process_graph: graph,
};
const send = (method: 'get' | 'put' | 'delete', path: string, body?: object, token = alice) => {
  const sent = request(harness.api)[method](`/process_graphs${path}`).set('Authorization', token);
  return body ? sent.send(body) : sent;
};

test('a process is stored, read, listed, used, replaced and deleted, by its owner alone', async () => {
  const stored = await send('put', '/add_one', described);
  expect([stored.status, stored.text]).toEqual([200, '']);
  expect((await send('get', '/add_one')).body).toEqual({ ...described, id: 'add_one' });
  const { process_graph: _, ...meta } = described;
  expect((await send('get', '')).body).toEqual({ processes: [{ ...meta, id: 'add_one' }], links: [] });
  const use = { process_graph: { a: { process_id: 'add_one', arguments: { x: 4 }, result: true } } };
  const used = await request(harness.api).post('/result').set('Authorization', alice).send({ process: use });
  expect(used.body).toBe(5);

  expect((await send('get', '', undefined, bob)).body.processes).toEqual([]);
  expect((await send('get', '/add_one', undefined, bob)).body.code).toBe('ProcessGraphNotFound');
  expect((await send('delete', '/add_one', undefined, bob)).status).toBe(404);
  const foreign = await request(harness.api).post('/result').set('Authorization', bob).send({ process: use });
  expect([foreign.status, foreign.body.code]).toEqual([400, 'ProcessUnsupported']);

  await send('put', '/add_one', { process_graph: graph });
  expect((await send('get', '/add_one')).body).toEqual({ id: 'add_one', process_graph: graph });
  expect((await send('delete', '/add_one')).status).toBe(204);
  expect((await send('get', '/add_one')).body).toMatchObject({ code: 'ProcessGraphNotFound' });
  expect((await send('delete', '/add_one')).status).toBe(404);
});

test.each(['my-process', 'a', 'UPPER', '_x', '__proto__', 'constructor', 'toString', '123'])(
  'the id %s',
  async (id) => {
    expect((await send('get', `/${id}`)).status).toBe(404);
    expect((await send('put', `/${id}`, { ...described, id: 'another' })).status).toBe(200);
    expect((await send('get', `/${id}`)).body.id).toBe(id);
    expect((await send('get', '')).body.processes.map((process: { id: string }) => process.id)).toEqual([id]);
    expect((await send('delete', `/${id}`)).status).toBe(204);
  },
);

test.each(['a b', 'a.b', 'ä', 'a/b', '..', 'a\u0000', 'x'.repeat(201)])(
  'the id %j is refused',
  async (id) => {
    const answer = await send('put', `/${encodeURIComponent(id).replaceAll('.', '%2E')}`, described);
    expect([answer.status, answer.body.code]).toEqual([400, 'ProcessInvalid']);
    expect((await send('get', `/${encodeURIComponent(id).replaceAll('.', '%2E')}`)).status).toBe(404);
  },
);

test('predefined processes cannot be replaced', async () => {
  expect((await send('put', '/add', described)).body.code).toBe('PredefinedProcessExists');
});

test.each([
  [{}, 'ProcessGraphMissing'],
  [{ process_graph: null }, 'RequestInvalid'],
  [{ process_graph: [] }, 'RequestInvalid'],
  [{ process_graph: 'x' }, 'RequestInvalid'],
  [{ process_graph: {} }, 'ProcessGraphInvalid'],
  [{ process_graph: { a: {} } }, 'ProcessGraphInvalid'],
  [{ process_graph: { a: { process_id: 'add' } } }, 'ProcessGraphInvalid'],
  [{ process_graph: { a: { process_id: 'add', arguments: {} } } }, 'ProcessGraphInvalid'],
  [{ ...described, parameters: 'x' }, 'RequestInvalid'],
  [{ ...described, parameters: [{ name: 'x' }] }, 'RequestInvalid'],
  [{ ...described, parameters: [{ name: 'a b', description: '', schema: {} }] }, 'RequestInvalid'],
  [{ ...described, returns: 7 }, 'RequestInvalid'],
  [{ ...described, summary: 7 }, 'RequestInvalid'],
  [{ ...described, links: [{ rel: 'about' }] }, 'RequestInvalid'],
])('%j is refused: %s', async (body, code) => {
  const answer = await send('put', '/x', body);
  expect([answer.status, answer.body.code]).toEqual([400, code]);
});

test('what is wrong is said', async () => {
  const { body } = await send('put', '/x', { ...described, parameters: [{ name: 'x' }], returns: 7 });
  expect(body.message).toMatch(/\/parameters\/0 must have required property 'schema'/);
  expect(body.message).toMatch(/\/returns must be object/);
  expect(body.message).not.toMatch(/must be null|anyOf/);
});

test('metadata may be null, as some clients send it', async () => {
  const body = {
    id: null,
    summary: null,
    description: null,
    parameters: null,
    returns: null,
    process_graph: graph,
  };
  expect((await send('put', '/x', body)).status).toBe(200);
});

test('names of JavaScript are ordinary keys', async () => {
  const text = `{"process_graph":{"__proto__":{"process_id":"add","arguments":{"x":1,"y":2},"result":true}},"__proto__":{"id":"evil"}}`;
  const put = () =>
    request(harness.api).put('/process_graphs/x').set('Authorization', alice).type('json').send(text);
  expect((await put()).status).toBe(200);
  const { text: stored } = await send('get', '/x');
  expect(JSON.parse(stored).process_graph).toEqual(JSON.parse(text).process_graph);
  const use = { process_graph: { a: { process_id: 'x', arguments: {}, result: true } } };
  const used = await request(harness.api).post('/result').set('Authorization', alice).send({ process: use });
  expect(used.body).toBe(3);
  expect(({} as { id?: string }).id).toBeUndefined();
});

test('lists come in pages', async () => {
  const ids = ['p1', 'p2', 'p3', 'p4', 'p5'];
  for (const id of ids) await send('put', `/${id}`, described);
  const collected: string[] = [];
  let next: string | undefined = `${harness.api}/process_graphs?limit=2`;
  while (next) {
    const { body }: request.Response = await request(next).get('').set('Authorization', alice);
    collected.push(...body.processes.map(({ id }: { id: string }) => id));
    next = body.links.find(({ rel }: { rel: string }) => rel === 'next')?.href;
  }
  expect(collected).toEqual(ids);
});
