import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { packagePath } from '../../src/base/paths';
import { tileMatrixSet } from '../../src/geo/tile-matrix-set';
import type { Json } from '../support/api';
import { sampleCollection } from '../support/sample';
import { startServer, type TestServer } from '../support/server';
import { mutate, mutation } from './support/mutations';
import { seeds } from './support/seeds';

/** More by hand: FUZZ_RUNS=20000 FUZZ_SEED=… */
const numRuns = Number(process.env['FUZZ_RUNS'] ?? 60);
const seed = Number(process.env['FUZZ_SEED'] ?? 20_240_622);
const options = { numRuns, seed, endOnFailure: numRuns > 1000 };
const { z, x, y } = tileMatrixSet('WebMercatorQuad')!.tileAt(11.333, 47.752, 15);
const sampleTile = `${z}/${x}/${y}`;
const patience = numRuns * 2000;

function documentedCodes(): Set<string> {
  const read = (folder: string, file: string) =>
    JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, unknown>;
  const errors = packagePath('schemas', 'errors');
  const processes = packagePath('processes');
  const codes = readdirSync(errors).flatMap((file) => Object.keys(read(errors, file)));
  const exceptions = readdirSync(processes)
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => Object.keys((read(processes, file)['exceptions'] ?? {}) as object));
  return new Set([...codes, ...exceptions].filter((code) => code !== 'Internal'));
}

let server: TestServer;
let id: string;
const codes = documentedCodes();

beforeAll(async () => {
  server = await startServer({
    collections: [await sampleCollection()],
    limitSeconds: 20,
    limitPixels: 20_000_000,
  });
  const created = await server.call('POST', '/services', {
    type: 'xyz',
    process: { process_graph: seeds[0] },
    configuration: { scope: 'public' },
  });
  id = created.headers.get('openeo-identifier')!;
});
afterAll(() => server?.stop());

/** Every answer is a success or an error that is written down somewhere. */
async function expectDocumented(response: Response): Promise<unknown> {
  const type = response.headers.get('content-type') ?? '';
  const bytes = Buffer.from(await response.arrayBuffer());
  if (response.status < 400)
    return type.startsWith('application/json') ? JSON.parse(bytes.toString()) : undefined;
  if (type.startsWith('application/xml')) {
    expect(bytes.toString()).toMatch(/exceptionCode="\w+"/);
    return undefined;
  }
  const { code, message } = JSON.parse(bytes.toString()) as { code: string; message: string };
  if (!codes.has(code) || response.status >= 500) throw new Error(`${response.status} ${code}: ${message}`);
  return undefined;
}

const graph = fc
  .tuple(fc.nat(seeds.length - 1), fc.array(mutation, { minLength: 1, maxLength: 4 }))
  .map(([index, mutations]) => mutate(seeds[index], mutations) as Json);

test('the graphs that fuzzing starts from work', async () => {
  for (const process_graph of seeds) {
    const response = await server.call('POST', '/result', { process: { process_graph } });
    expect([response.status, response.status === 200 || (await response.json())]).toEqual([200, true]);
  }
});

test(
  'changed graphs are computed or refused with a documented code, and validation finds what is wrong before',
  async () => {
    await fc.assert(
      fc.asyncProperty(graph, async (process_graph) => {
        const process = { process_graph };
        const checked = (await expectDocumented(await server.call('POST', '/validation', process))) as
          | { errors: { code: string }[] }
          | undefined;
        for (const { code } of checked?.errors ?? [])
          if (!codes.has(code)) throw new Error(`validation: ${code}`);
        await expectDocumented(await server.call('POST', '/result', { process }));
        const created = await server.call('POST', '/services', { type: 'xyz', process });
        const service = created.headers.get('openeo-identifier');
        await expectDocumented(created);
        if (service === null) return;
        const address = `/services/xyz/${service}`;
        await expectDocumented(await server.call('GET', `${address}/tiles/${sampleTile}`));
        await expectDocumented(await server.call('GET', `${address}/tilejson.json`));
        await expectDocumented(await server.call('DELETE', `/services/${service}`));
      }),
      options,
    );
  },
  patience,
);

test(
  'changed requests are refused with a documented code',
  async () => {
    const bodies: Json[] = [
      {
        process: {
          process_graph: seeds[6],
          parameters: [{ name: 'p', description: '', schema: { type: 'number' }, default: 1 }],
        },
        title: 'One',
        type: 'xyz',
        enabled: true,
        configuration: {
          extent: [11, 47, 12, 48],
          minzoom: 1,
          maxzoom: 14,
          parameters: { p: 3 },
          scope: 'public',
        },
        log_level: 'info',
        plan: null,
        budget: null,
      },
      {
        process_graph: seeds[6],
        summary: 'Sum',
        description: 'Sums',
        parameters: [
          {
            name: 'p',
            description: '',
            schema: [{ type: 'number', minimum: 1 }],
            optional: true,
            default: null,
          },
        ],
        returns: { schema: { type: 'array', items: { type: 'number' } } },
        exceptions: { Bad: { message: 'no', http: 400 } },
        links: [{ rel: 'about', href: 'https://example.com' }],
        categories: ['a'],
        examples: [{ arguments: { p: 1 }, returns: [1] }],
      },
    ];
    const targets = [
      ['POST', '/services', 0],
      ['PATCH', `/services/${id}`, 0],
      ['POST', '/result', 0],
      ['PUT', '/process_graphs/fuzz', 1],
      ['PUT', '/admin/processes/fuzz_admin', 1],
      ['POST', '/validation', 1],
    ] as const;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...targets),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        async ([method, path, body], mutations) => {
          await expectDocumented(await server.call(method, path, mutate(bodies[body], mutations)));
        },
      ),
      options,
    );
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  },
  patience,
);

test(
  'odd addresses and queries are refused with a documented code',
  async () => {
    const part = fc.oneof(
      fc.constantFrom(
        ...[
          '0',
          '5',
          '17',
          '-1',
          '1e3',
          '007',
          'NaN',
          '__proto__',
          'constructor',
          '..',
          '%2e%2e',
          '%00',
          '%ff',
          'é',
          '4294967296',
          '9007199254740993',
        ],
      ),
      fc.string({ unit: 'binary', maxLength: 6 }).map(encode),
    );
    const query = fc.array(fc.tuple(part, part), { maxLength: 3 });
    const path = fc.oneof(
      fc.tuple(part, part, part).map((parts) => `/services/xyz/${id}/tiles/${parts.join('/')}`),
      fc
        .tuple(part, part, part)
        .map(
          ([z, x, y]) =>
            `/services/xyz/${id}/wmts?service=WMTS&request=GetTile&layer=${id}&tilematrixset=WebMercatorQuad&tilematrix=${z}&tilecol=${x}&tilerow=${y}&_=1`,
        ),
      part.map((name) => `/services/xyz/${name}/tilejson.json`),
      part.map((name) => `/services/${name}`),
      part.map((name) => `/services/${name}/logs`),
      part.map((name) => `/collections/${name}`),
      part.map((name) => `/collections/${name}/queryables`),
      part.map((name) => `/process_graphs/${name}`),
      fc.tuple(part, part).map((parts) => `/files/${parts.join('/')}`),
      fc.constantFrom('/processes', '/collections', '/services', '/files', '/process_graphs'),
    );
    await fc.assert(
      fc.asyncProperty(path, query, fc.boolean(), async (address, pairs, isAnonymous) => {
        const search = pairs.map(([name, value]) => `${name}=${value}`).join('&');
        const paged = fc.sample(part, { numRuns: 1, seed })[0];
        const url = `${address}${address.includes('?') ? '&' : '?'}${search}&limit=${paged}`;
        await expectDocumented(await server.call('GET', url, undefined, isAnonymous ? null : undefined));
      }),
      options,
    );
  },
  patience,
);

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
