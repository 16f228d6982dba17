import { errorOf } from '../../support/api';
import { parameter, trueColour } from '../../support/graphs';
import { five, openServices } from './support';

const world = openServices();
const { call, create, tile } = world;

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

describe('the life of a service', () => {
  test('created, listed, described with the graph as it was sent, changed, removed', async () => {
    const response = await call('POST', '/services', {
      type: 'XyZ',
      title: 'One',
      process: { process_graph: trueColour(), extra: { a: [1] } },
    });
    expect(response.status).toBe(201);
    const id = response.headers.get('openeo-identifier')!;
    expect(response.headers.get('location')).toBe(`${world.server.api}/services/${id}`);
    const details = (await (await call('GET', `/services/${id}`)).json()) as Record<string, unknown>;
    expect(details).toMatchObject({ id, title: 'One', type: 'XYZ', enabled: true, configuration: {} });
    expect(JSON.stringify(details['process'])).toBe(
      JSON.stringify({ process_graph: trueColour(), extra: { a: [1] } }),
    );

    expect((await call('PATCH', `/services/${id}`, { configuration: { maxzoom: 9 } })).status).toBe(204);
    expect(
      (await call('PATCH', `/services/${id}`, { configuration: { minzoom: 3 }, title: null })).status,
    ).toBe(204);
    const changed = (await (await call('GET', `/services/${id}`)).json()) as Record<string, unknown>;
    expect(changed['configuration']).toEqual({ maxzoom: 9, minzoom: 3 });
    expect(changed).not.toHaveProperty('title');

    const list = (await (await call('GET', '/services')).json()) as {
      services: { id: string; process?: unknown }[];
    };
    expect(list.services.find((service) => service.id === id)?.process).toBeUndefined();
    expect((await call('DELETE', `/services/${id}`)).status).toBe(204);
    expect(await errorOf(await call('GET', `/services/${id}`))).toEqual([404, 'ServiceNotFound']);
    expect(await errorOf(await tile(id, '0/0/0'))).toEqual([404, 'ServiceNotFound']);
  });

  test('what is wrong is refused with its code and changes nothing', async () => {
    const post = async (body: object) => errorOf(await call('POST', '/services', body));
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
    const patch = async (body: object) => errorOf(await call('PATCH', `/services/${id}`, body));
    expect(await patch({})).toEqual([400, 'NoDataForUpdate']);
    expect(await patch({ type: 'wmts' })).toEqual([400, 'PropertyNotEditable']);
    expect(await patch({ configuration: { minzoom: 23 } })).toEqual([400, 'ServiceConfigInvalid']);
    const details = (await (await call('GET', `/services/${id}`)).json()) as Record<string, unknown>;
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
      expect(await errorOf(await call(method, `/services/${id}${path}`, body, world.tom))).toEqual([
        404,
        'ServiceNotFound',
      ]);
      expect(await errorOf(await call(method, `/services/${id}${path}`, body, null))).toEqual([
        401,
        'AuthenticationRequired',
      ]);
    }
  });
});

describe('access', () => {
  test('private, restricted, public', async () => {
    const id = await create(five);
    expect(await errorOf(await tile(id, '0/0/0', world.tom))).toEqual([403, 'PermissionsInsufficient']);
    expect(await errorOf(await tile(id, '0/0/0', null))).toEqual([401, 'AuthenticationRequired']);
    await call('PATCH', `/services/${id}`, {
      configuration: { scope: 'restricted', authorized_users: ['tom'] },
    });
    expect((await tile(id, '0/0/0', world.tom)).status).toBe(200);
    expect((await tile(id, '0/0/0', null)).status).toBe(401);
    await call('PATCH', `/services/${id}`, { configuration: { scope: 'public' } });
    expect((await tile(id, '0/0/0', null)).status).toBe(200);
    expect(await errorOf(await tile(id, '0/0/0', 'basic//nonsense'))).toEqual([403, 'TokenInvalid']);
  });

  test('signed addresses work without a token, in TileJSON and WMTS too, until they are revoked', async () => {
    const id = await create(trueColour());
    const made = await call('POST', `/services/${id}/signed_addresses`, { expires_in: 600 });
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
    const other = await create(trueColour());
    expect(await errorOf(await fetch(url(addresses.url).replace(id, other)))).toEqual([
      403,
      'SignatureInvalid',
    ]);
    expect((await call('DELETE', `/services/${id}/signed_addresses`)).status).toBe(204);
    expect(await errorOf(await fetch(url(addresses.url)))).toEqual([403, 'SignatureInvalid']);
    expect(await errorOf(await call('POST', `/services/${id}/signed_addresses`, { expires_in: 0 }))).toEqual([
      400,
      'RequestInvalid',
    ]);
  });
});

describe('graphs that write', () => {
  test('run for every GET, answer no-store, are not run by HEAD and not reachable by a signature', async () => {
    const id = await create(assign, { tile_store: true, scope: 'public' }, { parameters: [stage] });
    expect((await tile(id, '12/1000/2000', world.mia, { method: 'HEAD' })).status).toBe(200);
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
    expect(await errorOf(await call('POST', `/services/${id}/signed_addresses`, {}))).toEqual([
      403,
      'PermissionsInsufficient',
    ]);
  });

  test('need the opt-in of the service', async () => {
    const response = await call('POST', '/services', {
      type: 'xyz',
      process: { process_graph: assign, parameters: [stage] },
    });
    const body = (await response.json()) as { code: string; message: string };
    expect([response.status, body.code]).toEqual([400, 'TileStoreUnavailable']);
    expect(body.message).toMatch(/tile_store.*true/);
    const result = await call('POST', '/result', { process: { process_graph: assign, parameters: [stage] } });
    expect(await errorOf(result)).toEqual([400, 'TileStoreUnavailable']);
  });
});
