import sharp from 'sharp';
import { errorOf } from '../../support/api';
import { loadSample, parameter, trueColour } from '../../support/graphs';
import { five, openServices } from './support';

const world = openServices();
const { call, create, middle, tile } = world;

const user = {
  constant: { process_id: 'constant', arguments: { x: parameter('_openeo_user') }, result: true },
};

describe('tiles', () => {
  test('show the data, stretched over its statistics, transparent elsewhere', async () => {
    const id = await create(trueColour(), { scope: 'public' });
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
    const id = await create(trueColour(), { tile_size: 512, format: 'WEBP' });
    const at = await middle(id);
    expect(await sharp(Buffer.from(await (await tile(id, at)).arrayBuffer())).metadata()).toMatchObject({
      width: 512,
      format: 'webp',
    });
    await call('PATCH', `/services/${id}`, { configuration: { format: 'JPEG' } });
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
    await call('PATCH', `/services/${id}`, { configuration: { empty_tile: 'no_content' } });
    expect((await tile(id, '5/0/0')).status).toBe(204);
  });

  test('a result that is no raster is JSON; one that cannot be drawn is a named error', async () => {
    const id = await create(five);
    const response = await tile(id, '0/0/0');
    expect([response.headers.get('content-type'), await response.json()]).toEqual(['application/json', 5]);
    const many = await create({ load: { ...loadSample('B04', 'B03', 'B02'), result: true } });
    expect(await errorOf(await tile(many, await middle(many)))).toEqual([400, 'ResultNotRenderable']);
    const logs = (await (await call('GET', `/services/${many}/logs`)).json()) as {
      logs: { code: string; level: string }[];
    };
    expect(logs.logs.at(-1)).toMatchObject({ code: 'ResultNotRenderable', level: 'error' });
  });

  test('a switched-off service has none', async () => {
    const id = await create(five);
    await call('PATCH', `/services/${id}`, { enabled: false });
    expect(await errorOf(await tile(id, '0/0/0'))).toEqual([404, 'ServiceDisabled']);
  });

  test('parameters: query over configuration over defaults; undeclared ones ignored, reserved ones refused', async () => {
    const graph = { c: { process_id: 'constant', arguments: { x: parameter('value') }, result: true } };
    const declared = [{ name: 'value', description: '', schema: { type: 'number' }, default: 1 }];
    const id = await create(graph, {}, { parameters: declared });
    const value = async (query: string) => (await tile(id, `0/0/0${query}`)).json();
    expect(await value('')).toBe(1);
    await call('PATCH', `/services/${id}`, { configuration: { parameters: { value: 2, other: 3 } } });
    expect(await value('')).toBe(2);
    expect(await value('?value=4&unknown=5')).toBe(4);
    expect(await errorOf(await tile(id, '0/0/0?value=abc'))).toEqual([400, 'ProcessParameterInvalid']);
    for (const name of ['_openeo_user', 'tile_x', '_openeo_anything']) {
      expect(await errorOf(await tile(id, `0/0/0?${name}=1`))).toEqual([400, 'ProcessParameterInvalid']);
    }
    const post = await call('POST', '/services', {
      type: 'xyz',
      process: { process_graph: five, parameters: [{ ...declared[0], name: 'tile_x' }] },
    });
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
    const id = await create(trueColour(), { scope: 'public' });
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
    await call('PATCH', `/services/${id}`, { configuration: { buffer: 1 } });
    const changed = await tile(id, at, null, { headers: { 'if-none-match': etag } });
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).not.toBe(etag);
  });

  test('shared caches keep nothing of private services and of graphs that read the user', async () => {
    const id = await create(trueColour());
    const headers = (await tile(id, await middle(id))).headers;
    expect([headers.get('cache-control')?.startsWith('private'), headers.get('vary')]).toEqual([
      true,
      expect.stringMatching(/Authorization/i),
    ]);
    const personal = await create(user, { scope: 'public' });
    expect((await (await tile(personal, '0/0/0', world.mia)).json()) as object).toMatchObject({
      user_id: 'mia',
    });
    const other = await tile(personal, '0/0/0', world.tom);
    expect(other.headers.get('cache-control')).toMatch(/^private/);
    expect((await other.json()) as object).toMatchObject({ user_id: 'tom' });
  });
});

describe('documents for map clients', () => {
  test('TileJSON tells zooms, bounds of the data and the address', async () => {
    const id = await create(trueColour(), { scope: 'public', minzoom: 4, maxzoom: 15 });
    const document = (await (
      await fetch(`${world.server.api}/services/xyz/${id}/tilejson.json`)
    ).json()) as Record<string, unknown>;
    expect(document).toMatchObject({
      tilejson: '3.0.0',
      minzoom: 4,
      maxzoom: 15,
      scheme: 'xyz',
      tiles: [`${world.server.api}/services/xyz/${id}/tiles/{z}/{x}/{y}`],
    });
    const [west, south, east, north] = document['bounds'] as number[];
    expect(west).toBeGreaterThan(10);
    expect(east).toBeLessThan(13);
    expect(south).toBeLessThan(north);
  });

  test('WMTS answers capabilities and tiles, and its own exceptions', async () => {
    const id = await create(trueColour(), { scope: 'public' });
    const base = `${world.server.api}/services/xyz/${id}/wmts?`;
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
