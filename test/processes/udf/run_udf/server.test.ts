import { createServer } from 'node:http';
import { silentLogger } from '../../../../src/base/logger';
import { createHttpClient } from '../../../../src/base/net';
import { tileMatrixSet } from '../../../../src/geo/tile-matrix-set';
import { call } from '../../../support/graphs';
import { listen } from '../../../support/listen';
import { sampleCollection } from '../../../support/sample';
import { startServer, type TestServer } from '../../../support/server';
import { callback, from, runProcess } from '../../cubes/kit';
import { context, inCallback } from '../support';

describe('on a server', () => {
  const load = {
    process_id: 'load_collection',
    arguments: {
      id: 'TILEGRAPH_SAMPLE',
      spatial_extent: { west: 11.32, south: 47.74, east: 11.345, north: 47.757 },
      temporal_extent: ['2024-06-01', '2024-07-01'],
      bands: ['B04'],
    },
  };
  const half = {
    process_id: 'reduce_dimension',
    arguments: {
      data: { from_node: 'load' },
      dimension: 't',
      reducer: callback('first', { data: from('data') }),
    },
  };
  const graphOf = (process: object, format: string) => ({
    load,
    half,
    apply: { process_id: 'apply', arguments: { data: { from_node: 'half' }, process } },
    save: { process_id: 'save_result', arguments: { data: { from_node: 'apply' }, format }, result: true },
  });
  const withUdf = inCallback('const udf = (x) => (x === null ? null : x * 2);', 'x');
  const without = callback('multiply', { x: from('x'), y: 2 });
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ collections: [await sampleCollection()], workers: 2 });
  });
  afterAll(() => server.stop());

  test('a result with a UDF is that of the same graph without one, also where threads compute pixels', async () => {
    const [one, other] = await Promise.all(
      [withUdf, without].map(async (process) => {
        const process_graph = graphOf(process, 'GTiff');
        const response = await server.call('POST', '/result', { process: { process_graph } });
        expect(response.status).toBe(200);
        return Buffer.from(await response.arrayBuffer());
      }),
    );
    expect(one.equals(other)).toBe(true);
  });

  test('and so is a tile', async () => {
    const { z, x: column, y: row } = tileMatrixSet('WebMercatorQuad')!.tileAt(11.333, 47.752, 15);
    const [one, other] = await Promise.all(
      [withUdf, without].map(async (process) => {
        const process_graph = graphOf(process, 'PNG');
        const created = await server.call('POST', '/services', { type: 'xyz', process: { process_graph } });
        const id = created.headers.get('openeo-identifier');
        const response = await server.call('GET', `/services/xyz/${id}/tiles/${z}/${column}/${row}`);
        expect(response.status).toBe(200);
        return Buffer.from(await response.arrayBuffer());
      }),
    );
    expect(one.equals(other)).toBe(true);
  });
});

describe('where the code comes from', () => {
  const code = 'function udf(x) {\n  return x + 40;\n}\n';
  let server: TestServer;
  let token: string;
  const put = (path: string, body: string) =>
    fetch(`${server.api}/files/${path}`, {
      method: 'PUT',
      body,
      headers: { authorization: `Bearer ${token}` },
    });
  const send = (args: object, signal?: AbortSignal) =>
    fetch(`${server.api}/result`, {
      method: 'POST',
      signal,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ process: call('run_udf', { data: 2, runtime: 'JavaScript', ...args }) }),
    });
  const compute = async (args: object): Promise<{ status: number; body: unknown }> => {
    const response = await send(args);
    return { status: response.status, body: await response.json() };
  };

  beforeAll(async () => {
    server = await startServer();
    token = await server.user('ada');
    expect((await put('udfs/add.js', code)).status).toBe(200);
  });
  afterAll(() => server.stop());

  test.each(['udfs/add.js', '/udfs/add.js', './udfs/add.js', 'udfs/../udfs/add.js'])(
    'the file %s',
    async (path) => {
      expect(await compute({ udf: path })).toEqual({ status: 200, body: 42 });
    },
  );

  test.each(['udfs/none.js', '../add.js', '/../udfs/add.js', 'udfs/..', '.'])('no file %s', async (path) => {
    expect(await compute({ udf: path })).toMatchObject({ body: { code: 'FileNotFound' } });
  });

  test('code in one line is a path, and the error says so', async () => {
    const { body } = await compute({ udf: 'function udf(x) { return x }' });
    expect(body).toMatchObject({ code: 'FileNotFound', message: expect.stringMatching(/line break/) });
  });

  test('runtimes and versions that there are not', async () => {
    const some = { udf: code };
    expect(await compute({ ...some, runtime: 'Python' })).toMatchObject({
      status: 400,
      body: { code: 'InvalidRuntime' },
    });
    expect(await compute({ ...some, version: '1' })).toMatchObject({
      status: 400,
      body: { code: 'InvalidVersion' },
    });
    expect(await compute({ ...some, runtime: '__proto__' })).toMatchObject({
      body: { code: 'InvalidRuntime' },
    });
    expect(await compute({ ...some, version: 'toString' })).toMatchObject({
      body: { code: 'InvalidVersion' },
    });
    expect(await compute({ ...some, version: 'ES2023' })).toEqual({ status: 200, body: 42 });
  });

  test('an address, of allowed hosts only', async () => {
    const host = createServer((_request, response) => response.end(code));
    const port = await listen(host);
    const udfUrl = `http://127.0.0.1:${port}/add.js`;
    const http = createHttpClient({ allowedHosts: [`127.0.0.1:${port}`], logger: silentLogger });
    const args = { data: 2, udf: udfUrl, runtime: 'JavaScript' };
    expect(await runProcess('run_udf', args, { ...context(), http })).toBe(42);
    expect((await compute({ udf: udfUrl })).body).toMatchObject({ code: 'HostNotAllowed' });
    await http.close();
    host.close();
  });

  test('the runtimes are listed', async () => {
    const listed = (await (await fetch(`${server.api}/udf_runtimes`)).json()) as Record<string, unknown>;
    expect(listed).toEqual({
      JavaScript: expect.objectContaining({
        type: 'language',
        default: 'ES2023',
        versions: { ES2023: expect.anything() },
      }),
    });
  });

  test('a looping UDF does not keep others waiting', async () => {
    const controller = new AbortController();
    const looping = send({ udf: 'function udf() {\n for (;;); }' }, controller.signal).catch(
      (error: Error) => error.name,
    );
    for (let i = 0; i < 20; i++) expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    controller.abort();
    expect(await looping).toBe('AbortError');
    expect(await compute({ udf: code })).toEqual({ status: 200, body: 42 });
  });
});
