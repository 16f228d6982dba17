import sharp from 'sharp';
import { sampleCollection } from '../support/sample';
import { startServer, type TestServer } from '../support/server';

let server: TestServer;
let mia: string;
let tom: string;

beforeAll(async () => {
  server = await startServer({ collections: [await sampleCollection()] });
  mia = await server.user('mia');
  tom = await server.user('tom');
});
afterAll(() => server.stop());

const parameter = (name: string) => ({ from_parameter: name });
const callback = (process_id: string, args: object) => ({
  process_graph: { a: { process_id, arguments: args, result: true } },
});

const trueColour = {
  load: {
    process_id: 'load_collection',
    arguments: {
      id: 'TILEGRAPH_SAMPLE',
      spatial_extent: null,
      temporal_extent: null,
      bands: ['B04', 'B03', 'B02'],
    },
  },
  reduce: {
    process_id: 'reduce_dimension',
    arguments: {
      data: { from_node: 'load' },
      dimension: 't',
      reducer: callback('last', { data: parameter('data') }),
    },
    result: true,
  },
};
const five = { constant: { process_id: 'constant', arguments: { x: 5 }, result: true } };
const user = {
  constant: { process_id: 'constant', arguments: { x: parameter('_openeo_user') }, result: true },
};
const assign = {
  assign: {
    process_id: 'tile_assignment',
    arguments: {
      store: parameter('_openeo_tile_store'),
      zoom: 12,
      x_range: [1000, 1010],
      y_range: [2000, 2010],
      stage: parameter('stage'),
      user_id: parameter('_openeo_user'),
    },
    result: true,
  },
};
const stage = { name: 'stage', description: 'What to do', schema: { type: 'string' }, default: 'claim' };

async function create(
  process_graph: object,
  configuration: object = {},
  more: object = {},
  token = mia,
): Promise<string> {
  const response = await server.call(
    'POST',
    '/services',
    { type: 'xyz', process: { process_graph, ...more }, configuration },
    token,
  );
  expect([response.status, response.status === 201 || (await response.json())]).toEqual([201, true]);
  return response.headers.get('openeo-identifier')!;
}

function tile(
  id: string,
  path: string,
  token: string | null = mia,
  init: RequestInit = {},
): Promise<Response> {
  const headers = {
    ...(token && { authorization: `Bearer ${token}` }),
    ...(init.headers as Record<string, string>),
  };
  return fetch(`${server.api}/services/xyz/${id}/tiles/${path}`, { ...init, headers });
}

async function errorOf(response: Response): Promise<[number, string]> {
  return [response.status, ((await response.json()) as { code: string }).code];
}

/** A tile in the middle of the sample, by its TileJSON. */
async function middle(id: string, zoom = 12): Promise<string> {
  const document = (await (
    await server.call('GET', `/services/xyz/${id}/tilejson.json`, undefined, mia)
  ).json()) as { bounds: number[] };
  const [west, south, east, north] = document.bounds;
  const n = 2 ** zoom;
  const latitude = (((south + north) / 2) * Math.PI) / 180;
  const x = Math.floor((((west + east) / 2 + 180) / 360) * n);
  const y = Math.floor(((1 - Math.asinh(Math.tan(latitude)) / Math.PI) / 2) * n);
  return `${zoom}/${x}/${y}`;
}

describe('the life of a service', () => {
  test('created, listed, described with the graph as it was sent, changed, removed', async () => {
    const response = await server.call(
      'POST',
      '/services',
      { type: 'XyZ', title: 'One', process: { process_graph: trueColour, extra: { a: [1] } } },
      mia,
    );
    expect(response.status).toBe(201);
    const id = response.headers.get('openeo-identifier')!;
    expect(response.headers.get('location')).toBe(`${server.api}/services/${id}`);
    const details = (await (await server.call('GET', `/services/${id}`, undefined, mia)).json()) as Record<
      string,
      unknown
    >;
    expect(details).toMatchObject({ id, title: 'One', type: 'XYZ', enabled: true, configuration: {} });
    expect(JSON.stringify(details['process'])).toBe(
      JSON.stringify({ process_graph: trueColour, extra: { a: [1] } }),
    );

    expect(
      (await server.call('PATCH', `/services/${id}`, { configuration: { maxzoom: 9 } }, mia)).status,
    ).toBe(204);
    expect(
      (await server.call('PATCH', `/services/${id}`, { configuration: { minzoom: 3 }, title: null }, mia))
        .status,
    ).toBe(204);
    const changed = (await (await server.call('GET', `/services/${id}`, undefined, mia)).json()) as Record<
      string,
      unknown
    >;
    expect(changed['configuration']).toEqual({ maxzoom: 9, minzoom: 3 });
    expect(changed).not.toHaveProperty('title');

    const list = (await (await server.call('GET', '/services', undefined, mia)).json()) as {
      services: { id: string; process?: unknown }[];
    };
    expect(list.services.find((service) => service.id === id)?.process).toBeUndefined();
    expect((await server.call('DELETE', `/services/${id}`, undefined, mia)).status).toBe(204);
    expect(await errorOf(await server.call('GET', `/services/${id}`, undefined, mia))).toEqual([
      404,
      'ServiceNotFound',
    ]);
    expect(await errorOf(await tile(id, '0/0/0'))).toEqual([404, 'ServiceNotFound']);
  });

  test('what is wrong is refused with its code and changes nothing', async () => {
    const post = async (body: object) => errorOf(await server.call('POST', '/services', body, mia));
    const process = { process_graph: five };
    expect(await post({ type: 'WMS', process })).toEqual([400, 'ServiceUnsupported']);
    expect(await post({ type: '__proto__', process })).toEqual([400, 'ServiceUnsupported']);
    expect(await post({ type: 'xyz', process: {} })).toEqual([400, 'ProcessGraphMissing']);
    expect(await post({ type: 'xyz', process, configuration: { a: 1 } })).toEqual([
      400,
      'ServiceConfigUnsupported',
    ]);
    expect(await post({ type: 'xyz', process, configuration: { minzoom: -1 } })).toEqual([
      400,
      'ServiceConfigInvalid',
    ]);
    expect(
      await post({
        type: 'xyz',
        process: { process_graph: { a: { process_id: 'nothing', arguments: {}, result: true } } },
      }),
    ).toEqual([400, 'ProcessUnsupported']);
    const id = await create(five);
    const patch = async (body: object) => errorOf(await server.call('PATCH', `/services/${id}`, body, mia));
    expect(await patch({})).toEqual([400, 'NoDataForUpdate']);
    expect(await patch({ type: 'wmts' })).toEqual([400, 'PropertyNotEditable']);
    expect(await patch({ configuration: { minzoom: 23 } })).toEqual([400, 'ServiceConfigInvalid']);
    const details = (await (await server.call('GET', `/services/${id}`, undefined, mia)).json()) as Record<
      string,
      unknown
    >;
    expect(details['configuration']).toEqual({});
  });

  test('others see nothing of it', async () => {
    const id = await create(five);
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['PATCH', '', { title: 'mine' }],
      ['DELETE', '', undefined],
      ['GET', '/logs', undefined],
      ['POST', '/signed_addresses', {}],
    ] as const) {
      expect(await errorOf(await server.call(method, `/services/${id}${path}`, body, tom))).toEqual([
        404,
        'ServiceNotFound',
      ]);
      expect(await errorOf(await server.call(method, `/services/${id}${path}`, body, null))).toEqual([
        401,
        'AuthenticationRequired',
      ]);
    }
  });
});

describe('tiles', () => {
  test('show the data, stretched over its statistics, transparent elsewhere', async () => {
    const id = await create(trueColour, { scope: 'public' });
    const response = await tile(id, await middle(id), null);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('image/png');
    const { data, info } = await sharp(Buffer.from(await response.arrayBuffer()))
      .ensureAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([256, 256]);
    const red = data.filter((_, index) => index % 4 === 0);
    expect(new Set(red).size).toBeGreaterThan(50);
    const far = await sharp(Buffer.from(await (await tile(id, '12/0/0', null)).arrayBuffer())).stats();
    expect(far.channels.at(-1)!.max).toBe(0);
  });

  test('512 pixels, WEBP and JPEG by setting', async () => {
    const id = await create(trueColour, { tile_size: 512, format: 'WEBP' });
    const at = await middle(id);
    expect(await sharp(Buffer.from(await (await tile(id, at)).arrayBuffer())).metadata()).toMatchObject({
      width: 512,
      format: 'webp',
    });
    await server.call('PATCH', `/services/${id}`, { configuration: { format: 'JPEG' } }, mia);
    expect((await tile(id, at)).headers.get('content-type')).toBe('image/jpeg');
  });

  test('addresses that are none are refused', async () => {
    const id = await create(five, { minzoom: 2, maxzoom: 5 });
    for (const [path, status, code] of [
      ['1/0/0', 404, 'TileOutsideService'],
      ['6/0/0', 404, 'TileOutsideService'],
      ['3/8/0', 400, 'TileInvalid'],
      ['3/-1/0', 400, 'TileInvalid'],
      ['3/01/0', 400, 'TileInvalid'],
      ['3/1.0/0', 400, 'TileInvalid'],
      ['a/b/c', 400, 'TileInvalid'],
      ['3/1e0/0', 400, 'TileInvalid'],
      ['99999999999/0/0', 400, 'TileInvalid'],
    ] as const) {
      expect([path, ...(await errorOf(await tile(id, path)))]).toEqual([path, status, code]);
    }
    expect(await errorOf(await tile('nothing', '0/0/0'))).toEqual([404, 'ServiceNotFound']);
    expect(await errorOf(await tile('__proto__', '0/0/0'))).toEqual([404, 'ServiceNotFound']);
  });

  test('outside of the extent they are empty without evaluating anything, or 204 on request', async () => {
    const broken = {
      e: { process_id: 'divide', arguments: { x: parameter('missing'), y: 0 }, result: true },
    };
    const more = { parameters: [{ name: 'missing', description: '', schema: { type: 'number' } }] };
    const id = await create(broken, { extent: [0, 0, 10, 10] }, more);
    const empty = await tile(id, '5/0/0');
    expect([empty.status, empty.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect((await sharp(Buffer.from(await empty.arrayBuffer())).stats()).channels.at(-1)!.max).toBe(0);
    expect((await tile(id, '5/16/15')).status).toBe(400);
    await server.call('PATCH', `/services/${id}`, { configuration: { empty_tile: 'no_content' } }, mia);
    expect((await tile(id, '5/0/0')).status).toBe(204);
  });

  test('a result that is no raster is JSON; one that cannot be drawn is a named error', async () => {
    const id = await create(five);
    const response = await tile(id, '0/0/0');
    expect([response.headers.get('content-type'), await response.json()]).toEqual(['application/json', 5]);
    const all = structuredClone(trueColour) as {
      load: { arguments: { bands: string[] }; result?: true };
      reduce?: unknown;
    };
    delete all.reduce;
    all.load.result = true;
    const many = await create(all);
    expect(await errorOf(await tile(many, await middle(many)))).toEqual([400, 'ResultNotRenderable']);
    const logs = (await (await server.call('GET', `/services/${many}/logs`, undefined, mia)).json()) as {
      logs: { code: string; level: string }[];
    };
    expect(logs.logs.at(-1)).toMatchObject({ code: 'ResultNotRenderable', level: 'error' });
  });

  test('a switched-off service has none', async () => {
    const id = await create(five);
    await server.call('PATCH', `/services/${id}`, { enabled: false }, mia);
    expect(await errorOf(await tile(id, '0/0/0'))).toEqual([404, 'ServiceDisabled']);
  });

  test('parameters: query over configuration over defaults; undeclared ones ignored, reserved ones refused', async () => {
    const graph = { c: { process_id: 'constant', arguments: { x: parameter('value') }, result: true } };
    const declared = [{ name: 'value', description: '', schema: { type: 'number' }, default: 1 }];
    const id = await create(graph, {}, { parameters: declared });
    const value = async (query: string) => (await tile(id, `0/0/0${query}`)).json();
    expect(await value('')).toBe(1);
    await server.call(
      'PATCH',
      `/services/${id}`,
      { configuration: { parameters: { value: 2, other: 3 } } },
      mia,
    );
    expect(await value('')).toBe(2);
    expect(await value('?value=4&unknown=5')).toBe(4);
    expect(await errorOf(await tile(id, '0/0/0?value=abc'))).toEqual([400, 'ProcessParameterInvalid']);
    for (const name of ['_openeo_user', 'tile_x', '_openeo_anything']) {
      expect(await errorOf(await tile(id, `0/0/0?${name}=1`))).toEqual([400, 'ProcessParameterInvalid']);
    }
    const post = await server.call(
      'POST',
      '/services',
      { type: 'xyz', process: { process_graph: five, parameters: [{ ...declared[0], name: 'tile_x' }] } },
      mia,
    );
    expect(await errorOf(post)).toEqual([400, 'ProcessParameterInvalid']);
  });

  test('a graph can use the tile that is asked for', async () => {
    const graph = {
      c: {
        process_id: 'array_create',
        arguments: {
          data: [
            parameter('tile_z'),
            parameter('tile_x'),
            parameter('tile_y'),
            parameter('spatial_extent_west'),
          ],
        },
        result: true,
      },
    };
    const id = await create(graph);
    expect(await (await tile(id, '2/1/3')).json()).toEqual([2, 1, 3, expect.closeTo(-10018754.17, 1)]);
    expect(await (await tile(id, '2/2/3')).json()).toEqual([2, 2, 3, expect.closeTo(0, 5)]);
  });
});

describe('caching', () => {
  test('an equal ETag is answered with 304, until the service changes', async () => {
    const id = await create(trueColour, { scope: 'public' });
    const at = await middle(id);
    const first = await tile(id, at, null);
    const etag = first.headers.get('etag')!;
    expect(first.headers.get('cache-control')).toMatch(/^public, max-age=\d+/);
    const again = await tile(id, at, null, { headers: { 'if-none-match': etag } });
    expect([again.status, (await again.arrayBuffer()).byteLength]).toEqual([304, 0]);
    expect((await tile(id, at, null)).headers.get('etag')).toBe(etag);
    const head = await tile(id, at, null, { method: 'HEAD' });
    expect([head.status, head.headers.get('etag'), head.headers.get('content-length')]).toEqual([
      200,
      etag,
      first.headers.get('content-length'),
    ]);
    await server.call('PATCH', `/services/${id}`, { configuration: { buffer: 1 } }, mia);
    const changed = await tile(id, at, null, { headers: { 'if-none-match': etag } });
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).not.toBe(etag);
  });

  test('shared caches keep nothing of private services and of graphs that read the user', async () => {
    const id = await create(trueColour);
    const headers = (await tile(id, await middle(id))).headers;
    expect([headers.get('cache-control')?.startsWith('private'), headers.get('vary')]).toEqual([
      true,
      expect.stringMatching(/Authorization/i),
    ]);
    const personal = await create(user, { scope: 'public' });
    expect((await (await tile(personal, '0/0/0', mia)).json()) as object).toMatchObject({ user_id: 'mia' });
    const other = await tile(personal, '0/0/0', tom);
    expect(other.headers.get('cache-control')).toMatch(/^private/);
    expect((await other.json()) as object).toMatchObject({ user_id: 'tom' });
  });
});

describe('access', () => {
  test('private, restricted, public', async () => {
    const id = await create(five);
    expect(await errorOf(await tile(id, '0/0/0', tom))).toEqual([403, 'PermissionsInsufficient']);
    expect(await errorOf(await tile(id, '0/0/0', null))).toEqual([401, 'AuthenticationRequired']);
    await server.call(
      'PATCH',
      `/services/${id}`,
      { configuration: { scope: 'restricted', authorized_users: ['tom'] } },
      mia,
    );
    expect((await tile(id, '0/0/0', tom)).status).toBe(200);
    expect((await tile(id, '0/0/0', null)).status).toBe(401);
    await server.call('PATCH', `/services/${id}`, { configuration: { scope: 'public' } }, mia);
    expect((await tile(id, '0/0/0', null)).status).toBe(200);
    expect(await errorOf(await tile(id, '0/0/0', 'basic//nonsense'))).toEqual([403, 'TokenInvalid']);
  });

  test('signed addresses work without a token, in TileJSON and WMTS too, until they are revoked', async () => {
    const id = await create(trueColour);
    const made = await server.call('POST', `/services/${id}/signed_addresses`, { expires_in: 600 }, mia);
    expect(made.status).toBe(201);
    const addresses = (await made.json()) as {
      url: string;
      tilejson: string;
      wmts_capabilities: string;
      wmts: string;
    };
    const url = (address: string) => address.replace('{z}', '0').replace('{x}', '0').replace('{y}', '0');
    expect((await fetch(url(addresses.url))).status).toBe(200);
    const document = (await (await fetch(addresses.tilejson)).json()) as { tiles: string[] };
    expect((await fetch(url(document.tiles[0]))).status).toBe(200);
    const capabilities = await (await fetch(addresses.wmts_capabilities)).text();
    expect(capabilities).toMatch(/\{TileMatrix\}\/\{TileCol\}\/\{TileRow\}\?signature=/);
    const kvp = `${addresses.wmts}SERVICE=WMTS&REQUEST=GetTile&LAYER=${id}&TILEMATRIXSET=WebMercatorQuad&TILEMATRIX=0&TILEROW=0&TILECOL=0`;
    expect((await fetch(kvp)).status).toBe(200);
    const forged = addresses.url.replace(
      /signature=(.)/,
      (_, letter: string) => `signature=${letter === 'a' ? 'b' : 'a'}`,
    );
    expect(await errorOf(await fetch(url(forged)))).toEqual([403, 'SignatureInvalid']);
    const other = await create(trueColour);
    expect(await errorOf(await fetch(url(addresses.url).replace(id, other)))).toEqual([
      403,
      'SignatureInvalid',
    ]);
    expect((await server.call('DELETE', `/services/${id}/signed_addresses`, undefined, mia)).status).toBe(
      204,
    );
    expect(await errorOf(await fetch(url(addresses.url)))).toEqual([403, 'SignatureInvalid']);
    expect(
      await errorOf(await server.call('POST', `/services/${id}/signed_addresses`, { expires_in: 0 }, mia)),
    ).toEqual([400, 'RequestInvalid']);
  });
});

describe('graphs that write', () => {
  test('run for every GET, answer no-store, are not run by HEAD and not reachable by a signature', async () => {
    const id = await create(assign, { tile_store: true, scope: 'public' }, { parameters: [stage] });
    expect((await tile(id, '12/1000/2000', mia, { method: 'HEAD' })).status).toBe(200);
    expect(await errorOf(await tile(id, '12/1000/2000?stage=submit'))).toEqual([409, 'TileNotAssigned']);
    const claimed = await tile(id, '12/1000/2000');
    expect(claimed.headers.get('cache-control')).toBe('no-store');
    expect(claimed.headers.get('etag')).toBeNull();
    expect((await claimed.json()) as object).toMatchObject({
      stage: 'claimed',
      user_id: 'mia',
      z: 12,
      service_id: id,
    });
    const submitted = await tile(id, '12/1000/2000?stage=submit');
    expect((await submitted.json()) as object).toMatchObject({ stage: 'submitted' });
    const release = await tile(id, '12/1000/2000?stage=release');
    expect(await errorOf(release)).toEqual([409, 'TileAlreadyLocked']);
    expect(await errorOf(await tile(id, '12/1000/2000', null))).toEqual([401, 'AuthenticationRequired']);
    expect(await errorOf(await server.call('POST', `/services/${id}/signed_addresses`, {}, mia))).toEqual([
      403,
      'PermissionsInsufficient',
    ]);
  });

  test('need the opt-in of the service', async () => {
    const response = await server.call(
      'POST',
      '/services',
      { type: 'xyz', process: { process_graph: assign, parameters: [stage] } },
      mia,
    );
    const body = (await response.json()) as { code: string; message: string };
    expect([response.status, body.code]).toEqual([400, 'TileStoreUnavailable']);
    expect(body.message).toMatch(/tile_store.*true/);
    const result = await server.call(
      'POST',
      '/result',
      { process: { process_graph: assign, parameters: [stage] } },
      mia,
    );
    expect(await errorOf(result)).toEqual([400, 'TileStoreUnavailable']);
  });
});

describe('documents for map clients', () => {
  test('TileJSON tells zooms, bounds of the data and the address', async () => {
    const id = await create(trueColour, { scope: 'public', minzoom: 4, maxzoom: 15 });
    const document = (await (await fetch(`${server.api}/services/xyz/${id}/tilejson.json`)).json()) as Record<
      string,
      unknown
    >;
    expect(document).toMatchObject({
      tilejson: '3.0.0',
      minzoom: 4,
      maxzoom: 15,
      scheme: 'xyz',
      tiles: [`${server.api}/services/xyz/${id}/tiles/{z}/{x}/{y}`],
    });
    const [west, south, east, north] = document['bounds'] as number[];
    expect(west).toBeGreaterThan(10);
    expect(east).toBeLessThan(13);
    expect(south).toBeLessThan(north);
  });

  test('WMTS answers capabilities and tiles, and its own exceptions', async () => {
    const id = await create(trueColour, { scope: 'public' });
    const base = `${server.api}/services/xyz/${id}/wmts?`;
    const capabilities = await fetch(`${base}service=WMTS&request=GetCapabilities`);
    expect(capabilities.headers.get('content-type')).toMatch(/xml/);
    expect(await capabilities.text()).toContain(`<ows:Identifier>${id}</ows:Identifier>`);
    const [z, x, y] = (await middle(id)).split('/');
    const get = `${base}Service=WMTS&Request=GetTile&Version=1.0.0&Layer=${id}&Style=default&Format=image/png&TileMatrixSet=WebMercatorQuad&TileMatrix=${z}&TileRow=${y}&TileCol=${x}`;
    const [byKvp, byPath] = await Promise.all([fetch(get), tile(id, `${z}/${x}/${y}`, null)]);
    expect(Buffer.from(await byKvp.arrayBuffer()).equals(Buffer.from(await byPath.arrayBuffer()))).toBe(true);
    for (const [query, exception] of [
      ['', 'MissingParameterValue'],
      ['service=WMS&request=GetMap', 'InvalidParameterValue'],
      ['service=WMTS&request=GetFeatureInfo', 'OperationNotSupported'],
      ['service=WMTS&request=GetTile&layer=other', 'InvalidParameterValue'],
      [`service=WMTS&request=GetTile&layer=${id}`, 'MissingParameterValue'],
      [
        `service=WMTS&request=GetTile&layer=${id}&tilematrixset=WebMercatorQuad&tilematrix=1&tilerow=5&tilecol=0`,
        'TileOutOfRange',
      ],
    ]) {
      const response = await fetch(base + query);
      expect([query, response.status, (await response.text()).includes(exception)]).toEqual([
        query,
        400,
        true,
      ]);
    }
  });
});
