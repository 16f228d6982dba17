import { createServer, type Server } from 'node:http';
import { listen } from '../../support/listen';
import { startServer, type TestServer } from '../../support/server';

type Json = Readonly<Record<string, unknown>>;

const from = (name: string) => ({ from_parameter: name });
const number = (name: string) => ({ name, description: name, schema: { type: 'number' } });

/** A process x → one call. */
const wrapper = (id: string, process_id: string, args: Json, namespace?: string): Json => ({
  id,
  parameters: [number('x')],
  process_graph: { only: { process_id, arguments: args, ...(namespace && { namespace }), result: true } },
});

let host: Server;
let address: string;
let server: TestServer;
let token: string;
const documents = new Map<string, unknown>();
const requests: { url: string; authorization?: string }[] = [];

beforeAll(async () => {
  host = createServer((request, response) => {
    const url = request.url ?? '';
    requests.push({ url, authorization: request.headers.authorization });
    if (url === '/away') return void response.writeHead(302, { location: 'http://127.0.0.2:1/x' }).end();
    if (url === '/huge') return void response.end(`"${'x'.repeat(6 * 1024 * 1024)}"`);
    if (url === '/text') return void response.end('no JSON');
    if (url.startsWith('/chain/')) {
      const n = Number(url.slice(7));
      return void response.end(
        JSON.stringify(wrapper('chain', 'chain', { x: from('x') }, `${address}/chain/${n + 1}`)),
      );
    }
    const document = documents.get(url);
    response.writeHead(document === undefined ? 404 : 200).end(JSON.stringify(document ?? {}));
  });
  const port = await listen(host);
  address = `http://127.0.0.1:${port}`;
  server = await startServer({ allowedHosts: [`127.0.0.1:${port}`] });
  token = await server.user('ada');
  documents.set('/twice', wrapper('twice', 'multiply', { x: from('x'), y: 2 }));
  documents.set('/list', {
    processes: [
      { id: 'short', summary: 'without a graph' },
      wrapper('thrice', 'multiply', { x: from('x'), y: 3 }),
      wrapper('sextuple', 'thrice', { x: from('x') }, `${address}/list`),
    ],
    links: [],
  });
  documents.set('/self', wrapper('self', 'self', { x: from('x') }, `${address}/self`));
  documents.set('/ping', wrapper('ping', 'pong', { x: from('x') }, `${address}/pong`));
  documents.set('/pong', wrapper('pong', 'ping', { x: from('x') }, `${address}/ping`));
  documents.set('/mine', wrapper('mine', 'secret', { x: from('x') }));
  documents.set('/mine-too', wrapper('mine', 'secret', { x: from('x') }, 'user'));
  documents.set('/broken', {
    id: 'broken',
    process_graph: { a: { process_id: 'none', arguments: {}, result: true } },
  });
  documents.set('/array', []);
});
afterAll(async () => {
  await server.stop();
  await new Promise((resolve) => host.close(resolve));
});

const process = (process_id: string, namespace: string | undefined, args: Json = { x: 5 }) => ({
  process_graph: { n: { process_id, namespace, arguments: args, result: true } },
});
async function run(process_id: string, path: string | undefined, args?: Json): Promise<unknown> {
  const namespace = path?.startsWith('/') ? address + path : path;
  const response = await server.call(
    'POST',
    '/result',
    { process: process(process_id, namespace, args) },
    token,
  );
  return response.json();
}

test('a process at an address, alone and in a list, also called by others there', async () => {
  expect(await run('twice', '/twice')).toBe(10);
  expect(await run('thrice', '/list')).toBe(15);
  expect(await run('sextuple', '/list')).toBe(15);
  expect(requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
});

test('what is fetched is kept for a while', async () => {
  await run('twice', '/twice');
  const before = requests.length;
  await Promise.all([run('twice', '/twice'), run('twice', '/twice')]);
  expect(requests).toHaveLength(before);
});

test('in callbacks and in stored processes', async () => {
  const callback = {
    process_graph: {
      t: { process_id: 'twice', namespace: `${address}/twice`, arguments: { x: from('x') }, result: true },
    },
  };
  expect(await run('array_apply', undefined, { data: [1, 2], process: callback })).toEqual([2, 4]);
  const stored = wrapper('stored', 'thrice', { x: from('x') }, `${address}/list`);
  expect((await server.call('PUT', '/process_graphs/stored', stored, token)).status).toBe(200);
  expect(await run('stored', 'user')).toBe(15);
  expect(await run('stored', undefined)).toBe(15);
  expect(await run('stored', 'backend')).toMatchObject({ code: 'ProcessUnsupported' });
});

test('arguments are checked as those of any process', async () => {
  expect(await run('twice', '/twice', { x: 'a' })).toMatchObject({ code: 'ProcessParameterInvalid' });
  expect(await run('twice', '/twice', {})).toMatchObject({ code: 'ProcessParameterRequired' });
  expect(await run('twice', '/twice', { x: 1, z: 1 })).toMatchObject({ code: 'ProcessParameterUnsupported' });
});

test('circles are refused, however they are made', async () => {
  const circle = { code: 'ProcessGraphInvalid', message: expect.stringMatching(/circle/) };
  expect(await run('self', '/self')).toMatchObject(circle);
  expect(await run('ping', '/ping')).toMatchObject(circle);
  expect(await run('chain', '/chain/1')).toMatchObject({ code: 'ProcessGraphComplexity' });
});

test("what the caller has stored is out of a published process's reach", async () => {
  const secret = wrapper('secret', 'add', { x: from('x'), y: 1 });
  expect((await server.call('PUT', '/process_graphs/secret', secret, token)).status).toBe(200);
  expect(await run('secret', undefined)).toBe(6);
  expect(await run('mine', '/mine')).toMatchObject({ code: 'ProcessUnsupported' });
  expect(await run('mine', '/mine-too')).toMatchObject({ code: 'ProcessUnsupported' });
});

test.each([
  ['other', '/twice', /is called "twice"/],
  ['other', '/list', /has no process other/],
  ['short', '/list', /no process graph/],
  ['x', '/nothing', /answers 404/],
  ['x', '/text', /not JSON/],
  ['x', '/huge', /more than/],
  ['x', '/array', /neither a process nor a list/],
  ['x', '/away', /not allowed/],
  ['x', 'http://169.254.169.254/latest', /not allowed/],
  ['x', 'https://not-allowed.example/x', /not allowed/],
  ['x', 'http://[', /./],
])('%s at %s', async (id, path, reason) => {
  expect(await run(id, path)).toMatchObject({
    code: 'ProcessNamespaceInvalid',
    message: expect.stringMatching(reason),
  });
});

test('a process that is not valid says what is wrong with it', async () => {
  expect(await run('broken', '/broken')).toMatchObject({
    code: 'ProcessUnsupported',
    message: expect.stringMatching(/none/),
  });
  expect(await run('x', 'ftp://a.example/x')).toMatchObject({ code: 'ProcessUnsupported' });
});

test('validation says the same, and fetches nothing for strangers', async () => {
  const validate = async (path: string, who: string | null) => {
    const response = await server.call('POST', '/validation', process('other', address + path), who);
    return ((await response.json()) as { errors: { code: string }[] }).errors.map(({ code }) => code);
  };
  expect(await validate('/twice', token)).toEqual(['ProcessNamespaceInvalid']);
  const before = requests.length;
  expect(await validate('/list', null)).toEqual(['ProcessNamespaceInvalid']);
  expect(requests).toHaveLength(before);
});

test('the extension is announced', async () => {
  const { conformsTo } = (await (await server.call('GET', '/conformance')).json()) as {
    conformsTo: string[];
  };
  expect(conformsTo).toContain('https://api.openeo.org/extensions/remote-process-definition/0.1.0');
});
