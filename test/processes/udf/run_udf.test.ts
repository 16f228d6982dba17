import { createServer } from 'node:http';
import { silentLogger } from '../../../src/base/logger';
import { createHttpClient } from '../../../src/base/net';
import { tileMatrixSet } from '../../../src/geo/tile-matrix-set';
import { LabeledArray } from '../../../src/graph/types';
import type { ProcessContext } from '../../../src/processes/context';
import { type Cube, deriveCube } from '../../../src/raster/cube';
import { createUdfRuntimes } from '../../../src/udf/runtimes';
import { sampleCollection } from '../../support/sample';
import { startServer, type TestServer } from '../../support/server';
import {
  bands,
  callback,
  codeOf,
  cubeOf,
  describeCube,
  from,
  gridOf,
  readAll,
  runProcess,
  times,
  x,
  y,
} from '../cubes/kit';

const runtimes = createUdfRuntimes({ threads: 2, memoryBytes: 64 * 1024 * 1024, seconds: 60 });
afterAll(() => runtimes.close());

const context = (): Partial<ProcessContext> => ({
  udf: { ...runtimes, session: runtimes.openSession('tester') },
});
const udf = (code: string, rest: object = {}) => ({ udf: `${code}\n`, runtime: 'JavaScript', ...rest });
const inCallback = (code: string, parameter = 'data', rest: object = {}) =>
  callback('run_udf', { data: from(parameter), ...udf(code, rest) });

const grid = gridOf(3, 2);
const cube = cubeOf([times('2020-01-01', '2020-02-01'), bands('r', 'n'), y, x], [...Array(23).keys(), null], {
  grid,
});

test('values, labelled arrays and contexts', async () => {
  expect(
    await runProcess(
      'run_udf',
      { data: 3, ...udf('const udf = (x, { by }) => x * by;', { context: { by: 2 } }) },
      context(),
    ),
  ).toBe(6);
  expect(
    await runProcess(
      'run_udf',
      { data: [1, 2], ...udf('const udf = (x) => Object.assign(x, { labels: ["a", "b"] });') },
      context(),
    ),
  ).toEqual(new LabeledArray(['a', 'b'], [1, 2]));
  expect(
    await runProcess(
      'run_udf',
      { data: null, ...udf('const udf = (x, context) => [x, context];') },
      context(),
    ),
  ).toEqual([null, {}]);
});

describe('callbacks', () => {
  test('apply gives one value at a time', async () => {
    const process = inCallback('const udf = (x) => (x === null ? -1 : x / 2);', 'x');
    const result = (await runProcess('apply', { data: cube, process }, context())) as Cube;
    expect(await readAll(result)).toEqual([...Array(23).keys()].map((v) => v / 2).concat(-1));
  });

  test('reduce_dimension gives arrays with labels', async () => {
    const reducer = inCallback(
      'const udf = (data) => { const [a, b] = data; return a === null || b === null ? null : b - a + data.labels.length; };',
    );
    const result = (await runProcess(
      'reduce_dimension',
      { data: cube, reducer, dimension: 't' },
      context(),
    )) as Cube;
    expect(await readAll(result)).toEqual([...Array(11).fill(14), null]);
  });

  test('reduce_dimension passes labels and context', async () => {
    const reducer = inCallback('const udf = (data, context) => data[data.labels.indexOf(context)];', 'data', {
      context: from('context'),
    });
    const result = (await runProcess(
      'reduce_dimension',
      { data: cube, reducer, dimension: 'bands', context: 'n' },
      context(),
    )) as Cube;
    expect((await readAll(result)).slice(0, 3)).toEqual([6, 7, 8]);
  });

  test('apply_dimension may change the number of values', async () => {
    const process = inCallback('const udf = (data) => [data[0], data[0] + 0.5, data[1]];');
    const result = (await runProcess(
      'apply_dimension',
      { data: cube, process, dimension: 'bands' },
      context(),
    )) as Cube;
    expect(describeCube(result)['bands']).toEqual([0, 1, 2]);
    expect((await readAll(result)).slice(0, 12)).toEqual([0, 1, 2, 3, 4, 5, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5]);
  });

  const pixels = [
    { dimension: 'x', value: 3, unit: 'px' },
    { dimension: 'y', value: 1, unit: 'px' },
  ];

  test('apply_neighborhood gives cubes', async () => {
    const process = inCallback(
      'const udf = (cube) => cube.map((v) => (v === null ? 0 : v + cube.shape.length + cube.values.length));',
    );
    const result = (await runProcess(
      'apply_neighborhood',
      { data: cube, process, size: pixels },
      context(),
    )) as Cube;
    expect(await readAll(result)).toEqual([...Array(23).keys()].map((v) => v + 16).concat(0));
  });

  test('apply_neighborhood along one dimension gives arrays', async () => {
    const process = inCallback('const udf = (data) => data.map((v) => (v === null ? 0 : v + data.length));');
    const size = [...pixels, { dimension: 't', value: 1 }, { dimension: 'bands', value: 1 }];
    const result = (await runProcess('apply_neighborhood', { data: cube, process, size }, context())) as Cube;
    expect(await readAll(result)).toEqual([...Array(23).keys()].map((v) => v + 3).concat(0));
  });

  test('a failure is that of the result', async () => {
    const process = inCallback('const udf = (x) => { throw new Error("no"); };', 'x');
    const result = (await runProcess('apply', { data: cube, process }, context())) as Cube;
    await expect(readAll(result)).rejects.toMatchObject({
      code: 'UdfFailed',
      message: expect.stringMatching(/Error: no/),
    });
  });

  test('a reader who leaves ends it', async () => {
    const process = inCallback('const udf = (x) => { for (;;); };', 'x');
    const result = (await runProcess('apply', { data: cube, process }, context())) as Cube;
    const controller = new AbortController();
    const reading = result.read({ grid }, controller.signal);
    setTimeout(() => controller.abort(new Error('left')), 200);
    await expect(reading).rejects.toThrow('left');
  });
});

describe('whole cubes', () => {
  const run = async (code: string) =>
    (await runProcess('run_udf', { data: cube, ...udf(code) }, context())) as Cube;

  test('keep their grid when x and y stay', async () => {
    const result = await run('const udf = (cube) => cube.map((value) => (value === null ? null : -value));');
    expect(result.grid).toEqual(grid);
    expect(describeCube(result)).toEqual(describeCube(cube));
    expect((await readAll(result)).slice(20)).toEqual([-20, -21, -22, null]);
  });

  test('may lose, gain and rename dimensions', async () => {
    const result = await run(`function udf(cube) {
      const [t, bands] = cube.dimensions;
      const values = t.labels.flatMap((_, i) => bands.labels.map((_, j) => cube.get(i, j, 1, 0)));
      return new DataCube({ dimensions: [{ ...t, name: 'time' }, bands], values });
    }`);
    expect(describeCube(result)).toEqual({ time: ['2020-01-01', '2020-02-01'], bands: ['r', 'n'] });
    expect(await readAll(result)).toEqual([3, 9, 15, 21]);
  });

  test('hold text and truth values', async () => {
    const texts = await run(
      'const udf = (cube) => cube.map((value) => (value === null ? null : "v" + value));',
    );
    expect(texts.dataType).toBe('text');
    expect((await readAll(texts)).slice(22)).toEqual(['v22', null]);
    const truths = await run(
      'const udf = (cube) => cube.map((value) => (value === null ? null : value > 21));',
    );
    expect(truths.dataType).toBe('boolean');
    expect((await readAll(truths)).slice(20)).toEqual([false, false, true, null]);
  });

  test.each([
    ['values that do not fit', 'new DataCube({ dimensions: [{ name: "a", labels: [1, 2] }], values: [1] })'],
    ['no labels', 'new DataCube({ dimensions: [{ name: "a" }], values: [1] })'],
    ['no name', 'new DataCube({ dimensions: [{ labels: [1] }], values: [1] })'],
    [
      'two of a name',
      'new DataCube({ dimensions: [{ name: "a", labels: [1] }, { name: "a", labels: [1] }], values: [1] })',
    ],
    ['an unknown type', 'new DataCube({ dimensions: [{ name: "a", type: "b", labels: [1] }], values: [1] })'],
    ['no axis', 'new DataCube({ dimensions: [{ name: "a", type: "spatial", labels: [1] }], values: [1] })'],
    ['objects for labels', 'new DataCube({ dimensions: [{ name: "a", labels: [{}] }], values: [1] })'],
    ['dimensions that are none', 'new DataCube({ dimensions: 5, values: [1] })'],
    ['dimensions of nothing', 'new DataCube({ dimensions: [null], values: [1] })'],
    ['values that are none', 'new DataCube({ dimensions: [], values: 5 })'],
    [
      'values of several types',
      'new DataCube({ dimensions: [{ name: "a", labels: [1, 2] }], values: [1, "a"] })',
    ],
    ['values that are objects', 'new DataCube({ dimensions: [{ name: "a", labels: [1] }], values: [{}] })'],
    [
      'flags that do not fit',
      'new DataCube({ dimensions: [{ name: "a", labels: [1] }], values: [1], valid: [1, 1] })',
    ],
  ])('are refused with %s', async (_name, expression) => {
    expect(await codeOf(run(`const udf = () => ${expression};`))).toBe('UdfFailed');
  });

  test('have to fit into the memory', async () => {
    const labels = Array.from({ length: 5_000_000 }, (_, i) => i);
    const wide = deriveCube(cube, { dimensions: [{ type: 'other', name: 'n', labels }], grid: undefined });
    const outcome = codeOf(
      runProcess('run_udf', { data: wide, ...udf('const udf = (cube) => 1;') }, context()),
    );
    expect(await outcome).toBe('UdfLimitExceeded');
  });
});

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
  const compute = async (args: object): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`${server.api}/result`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        process: {
          process_graph: {
            u: {
              process_id: 'run_udf',
              arguments: { data: 2, runtime: 'JavaScript', ...args },
              result: true,
            },
          },
        },
      }),
    });
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
    await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
    const { port } = host.address() as { port: number };
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
    const looping = fetch(`${server.api}/result`, {
      method: 'POST',
      signal: controller.signal,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        process: {
          process_graph: {
            u: {
              process_id: 'run_udf',
              arguments: { data: 2, runtime: 'JavaScript', udf: 'function udf() {\n for (;;); }' },
              result: true,
            },
          },
        },
      }),
    }).catch((error: Error) => error.name);
    for (let i = 0; i < 20; i++) expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    controller.abort();
    expect(await looping).toBe('AbortError');
    expect(await compute({ udf: code })).toEqual({ status: 200, body: 42 });
  });
});
