import { fromWkt } from '../../../../src/raster/formats/input/wkt';
import { toWkt } from '../../../../src/raster/formats/wkt';
import { contentOf, fileOf, loadFrom } from './support';

const csv = (text: string, options: Record<string, unknown> = {}, changes = {}) =>
  loadFrom('CSV', [fileOf(Buffer.from(text), 'a.csv')], options, changes);
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error) => [error.code, error.message],
  );

describe('CSV as a cube', () => {
  test('columns named for places and times are dimensions, whatever the order of rows', async () => {
    const content = await contentOf(
      await csv(
        'date,lat,lon,ndvi,class\n2024-02-01,46,11,0.5,1\n2024-01-01,47,11,,2\n2024-01-01,46,12,NaN,3\n',
        { crs: 4326 },
      ),
    );
    expect(content.dimensions).toEqual([
      ['temporal', 'date', ['2024-01-01', '2024-02-01']],
      ['spatial', 'lat'],
      ['spatial', 'lon'],
      ['bands', 'bands', ['ndvi', 'class']],
    ]);
    expect(content.grid).toEqual({ crs: 'EPSG:4326', place: [10.5, 47.5, 1, 1, 2, 2] });
    // Dates, then bands, then rows from north to south.
    expect(content.values).toEqual([
      null,
      null,
      null,
      Number.NaN,
      2,
      null,
      null,
      3,
      null,
      null,
      0.5,
      null,
      null,
      null,
      1,
      null,
    ]);
  });

  test('other columns are dimensions where they are named, and rows where none is', async () => {
    const text = 'station;year;value\r\n"A;1";2020;1\r\n"A;1";2021;2\r\nB;2020;3\r\n';
    const named = await contentOf(await csv(text, { separator: ';', dimensions: ['station', 'year'] }));
    expect(named.dimensions).toEqual([
      ['other', 'station', ['A;1', 'B']],
      ['other', 'year', [2020, 2021]],
    ]);
    expect(named.values).toEqual([1, 2, 3, null]);
    const plain = await contentOf(await csv('a,b\n1,2\n3,4\n'));
    expect(plain.dimensions).toEqual([
      ['other', 'row', [0, 1]],
      ['bands', 'bands', ['a', 'b']],
    ]);
    expect(plain.values).toEqual([1, 2, 3, 4]);
    const codes = await contentOf(await csv('code,flag\n007,true\n"5",false\n', { bands: ['code'] }));
    expect(codes.values).toEqual(['007', '5']);
  });

  test('several files continue each other', async () => {
    const files = ['t,v\n2024-01-01,1\n', 't,v\n2024-01-02,2\n'].map((text) => fileOf(Buffer.from(text)));
    expect((await contentOf(await loadFrom('CSV', files))).values).toEqual([1, 2]);
  });

  test.each([
    ['', 'FormatUnsuitable'],
    ['a,a\n1,2\n', 'FormatUnsuitable'],
    ['a,b\n1\n', 'FormatUnsuitable'],
    ['a,"b\n1,2\n', 'FormatUnsuitable'],
    ['\u0000\u0001,b\n\uFFFF', 'FormatUnsuitable'],
    ['t,v\n2024-01-01,1\n2024-01-01,2\n', 'FormatUnsuitable'],
  ])('refuses %j', async (text, code) => {
    expect(await codeOf(csv(text))).toEqual([code, expect.stringMatching(/./)]);
  });

  test('refuses bytes that are no text, columns that are not there, options and sizes', async () => {
    expect(await codeOf(loadFrom('CSV', [fileOf(Uint8Array.of(0xff, 0xfe, 0x41))]))).toEqual([
      'FormatUnsuitable',
      expect.stringContaining('UTF-8'),
    ]);
    expect(await codeOf(csv('a\n1\n', { bands: ['b'] }))).toEqual([
      'FormatUnsuitable',
      expect.stringContaining('"b"'),
    ]);
    expect(await codeOf(csv('a\n1\n', { crs: 'EPSG:0' }))).toEqual([
      'FormatUnsuitable',
      expect.stringContaining('reference system'),
    ]);
    expect(await codeOf(csv('a\n1\n', { sep: 1 }))).toEqual([
      'ProcessParameterInvalid',
      expect.stringContaining('sep'),
    ]);
    expect(await codeOf(csv('a,b\n1,2\n3,4\n', {}, { maxValues: 3 }))).toEqual([
      'ProcessGraphComplexity',
      expect.stringContaining('4 values'),
    ]);
    // A point on each row, none of which share x or y.
    const scattered = `x,y,v\n${Array.from({ length: 2000 }, (_, i) => `${i},${i * 7},1`).join('\n')}\n`;
    expect(await codeOf(csv(scattered, {}, { maxValues: 1e6 }))).toEqual([
      'ProcessGraphComplexity',
      expect.stringContaining('dimensions'),
    ]);
  });

  test('stops when it is aborted', async () => {
    const stop = new AbortController();
    const work = csv(`a,b\n${'1,2\n'.repeat(200_000)}`, {}, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(work).rejects.toThrow('enough');
  });
});

test.each([
  'POINT (1 2)',
  'POINT Z (1 2 3)',
  'POINT EMPTY',
  'LINESTRING (1 2, 3 4)',
  'POLYGON ((0 0, 1 0, 1 1, 0 0), (0.1 0.1, 0.2 0.1, 0.2 0.2, 0.1 0.1))',
  'MULTIPOINT ((1 2), (3 4))',
  'MULTILINESTRING ((1 2, 3 4), (5 6, 7 8))',
  'MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))',
  'MULTIPOLYGON EMPTY',
  'GEOMETRYCOLLECTION EMPTY',
])('%s is read and written', (text) => {
  const geometry = fromWkt(text);
  expect(geometry).not.toBeUndefined();
  expect(toWkt(geometry!)).toBe(text);
});

test.each([
  '',
  'POINT',
  'POINT (1)',
  'POINT (a b)',
  'POLYGON ((1 2',
  'CIRCLE (1 2)',
  'POINT (1 2) x',
  'GEOMETRYCOLLECTION (POINT (1 2))',
])('%j is no geometry', (text) => {
  expect(fromWkt(text)).toBeUndefined();
});

describe('CoverageJSON of others', () => {
  const domain = {
    type: 'Domain',
    axes: { x: { start: 10, stop: 12, num: 3 }, y: { values: [45, 46] }, t: { values: ['2024-01-01'] } },
    referencing: [
      {
        coordinates: ['y', 'x'],
        system: { type: 'GeographicCRS', id: 'http://www.opengis.net/def/crs/EPSG/0/4326' },
      },
      { coordinates: ['t'], system: { type: 'TemporalRS', calendar: 'Gregorian' } },
    ],
  };
  const range = {
    type: 'NdArray',
    dataType: 'float',
    axisNames: ['y', 'x'],
    shape: [2, 3],
    values: [1, 2, 3, 4, null, 6],
  };
  const coverage = (changes: object) => ({
    type: 'Coverage',
    domain,
    parameters: {},
    ranges: { v: range },
    ...changes,
  });
  const load = (json: object, options = {}, changes = {}) =>
    loadFrom('CovJSON', [fileOf(Buffer.from(JSON.stringify(json)), 'a.covjson')], options, changes);

  test('axes that ranges leave out have one label; rows from south to north are turned', async () => {
    const content = await contentOf(await load(coverage({})));
    expect(content.dimensions).toEqual([
      ['bands', 'bands', ['v']],
      ['temporal', 't', ['2024-01-01']],
      ['spatial', 'y'],
      ['spatial', 'x'],
    ]);
    expect(content.grid).toEqual({ crs: 'EPSG:4326', place: [9.5, 46.5, 1, 1, 3, 2] });
    expect(content.values).toEqual([4, null, 6, 1, 2, 3]);
  });

  test.each<[string, object, string]>([
    ['a collection', { type: 'CoverageCollection' }, 'of the type "Coverage"'],
    ['a domain elsewhere', { domain: 'https://example.com/domain' }, 'with its domain in it'],
    ['values elsewhere', { ranges: { v: 'https://example.com/v' } }, 'are not in the file'],
    ['no values', { ranges: {} }, 'no "ranges"'],
    ['too few values', { ranges: { v: { ...range, values: [1] } } }, 'do not fit together'],
    [
      'a huge axis',
      { domain: { ...domain, axes: { ...domain.axes, x: { start: 0, stop: 1, num: 4e9 } } } },
      'do not have the axes',
    ],
    [
      'an axis too many',
      { domain: { ...domain, axes: { ...domain.axes, z: { values: [1, 2] } } } },
      'do not have the axes',
    ],
    [
      'no numbers on an axis',
      { domain: { ...domain, axes: { ...domain.axes, t: {} } } },
      'neither "values" nor',
    ],
    [
      'a trajectory',
      {
        domain: {
          ...domain,
          axes: { composite: { dataType: 'tuple', coordinates: ['t', 'x', 'y'], values: [] } },
        },
      },
      'neither points nor polygons',
    ],
    [
      'ranges of other axes',
      { ranges: { v: range, w: { ...range, axisNames: ['y', 'z'] } } },
      'different axes',
    ],
    [
      'objects as values',
      { ranges: { v: { ...range, values: [1, 2, 3, 4, 5, {}] } } },
      'neither numbers nor texts',
    ],
  ])('%s is refused', async (_name, changes, reason) => {
    await expect(load(coverage(changes))).rejects.toMatchObject({
      code: 'FormatUnsuitable',
      message: expect.stringContaining(reason),
    });
  });

  test('more values than may be loaded are refused', async () => {
    await expect(load(coverage({}), {}, { maxValues: 5 })).rejects.toMatchObject({
      code: 'ProcessGraphComplexity',
    });
  });
});
