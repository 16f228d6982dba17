import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32, deflateRawSync } from 'node:zlib';
import { readClassic } from '../../../../src/raster/formats/input/variables/classic';
import { timesOf } from '../../../../src/raster/formats/input/variables/time';
import { unzip } from '../../../../src/raster/formats/input/variables/unzip';
import { netcdf } from '../../../../src/raster/formats/netcdf';
import { Spool } from '../../../../src/raster/formats/spool';
import { zarr } from '../../../../src/raster/formats/zarr';
import { ZipWriter } from '../../../../src/raster/formats/zarr/zip';
import { describeWith, pythonWith } from '../../../support/tools';
import { bytesOf, encodeRequest, functionCube, utmGrid } from '../support';
import { contentOf, fileOf, loadFrom } from './support';

const run = promisify(execFile);
const xarray = pythonWith('xarray', 'netCDF4', 'zarr');

/** Files as xarray writes them: with its default compression, from south to north, packed, and with odd variables. */
const write = `
import sys, os, shutil, numpy as np, xarray as xr, zarr, warnings
warnings.simplefilter('ignore')
folder = sys.argv[1]
lat, lon = np.array([45.0, 45.5, 46.0], 'f4'), np.array([10.0, 10.5], 'f4')
time = np.array(['2024-01-01T06:00', '2024-01-11T06:00'], 'M8[ns]')
v = np.arange(12, dtype='f8').reshape(2, 3, 2) / 4
v[0, 2, 1] = np.nan
ds = xr.Dataset({'tas': (('time', 'lat', 'lon'), v), 'pr': (('time', 'lat', 'lon'), (v * 0 + 3).astype('f4')),
    'height': ((), 2.0), 'mask': (('lat', 'lon'), np.ones((3, 2), 'i1')), 'names': (('lat',), np.array(['a', 'b', 'c'])),
    'bounds': (('time', 'nv'), np.zeros((2, 2)))}, coords={'lat': lon * 0 if False else lat, 'lon': lon, 'time': time})
ds.time.attrs['bounds'] = 'bounds'
ds.lat.attrs.update(units='degrees_north', standard_name='latitude')
ds.lon.attrs.update(units='degrees_east', standard_name='longitude')
packed = {'tas': dict(dtype='int16', scale_factor=0.25, add_offset=1.0, _FillValue=-999, zlib=True, complevel=4, chunksizes=(1, 2, 2)),
    'time': dict(units='hours since 2024-01-01 00:00', dtype='int64')}
ds.to_netcdf(os.path.join(folder, 'a.nc'), encoding=packed)
old = {'tas': dict(dtype='int16', scale_factor=0.25, add_offset=1.0, _FillValue=-999), 'time': packed['time'] | {'dtype': 'f8'}}
for name, form in (('classic1', 'NETCDF3_CLASSIC'), ('classic2', 'NETCDF3_64BIT')):
    ds.to_netcdf(os.path.join(folder, name + '.nc'), format=form, encoding=old)
    ds.to_netcdf(os.path.join(folder, name + '-records.nc'), format=form, encoding=old, unlimited_dims=['time'])
import netCDF4
with netCDF4.Dataset(os.path.join(folder, 'classic5.nc'), 'w', format='NETCDF3_64BIT_DATA') as file:
    file.createDimension('n', None); file.createDimension('x', 3)
    for kind in ('i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'f4', 'f8'):
        file.createVariable(kind, kind, ('n', 'x'))[:] = np.array([[1, 2, 3], [4, 5, 100]], kind)
with netCDF4.Dataset(os.path.join(folder, 'alone.nc'), 'w', format='NETCDF3_CLASSIC') as file:
    file.createDimension('n', None); file.createDimension('x', 3)
    file.createVariable('only', 'i2', ('n', 'x'))[:] = np.arange(9).reshape(3, 3)
for version in (2, 3):
    path = os.path.join(folder, f'v{version}.zarr')
    ds.drop_vars('names').to_zarr(path, zarr_format=version, encoding={'time': packed['time']})
    shutil.make_archive(os.path.join(folder, f'v{version}'), 'zip', folder, f'v{version}.zarr')
`;

describeWith(xarray, 'python3 with xarray, netCDF4 and zarr', 'files that xarray has written', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'variables-'));
    await run(xarray!, ['-W', 'ignore', '-c', write, folder]);
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true }));

  const load = async (format: string, name: string, options = {}) =>
    contentOf(await loadFrom(format, [fileOf(await readFile(join(folder, name)), name)], options));

  test.each([
    ['netCDF', 'a.nc'],
    ['netCDF', 'classic1.nc'],
    ['netCDF', 'classic1-records.nc'],
    ['netCDF', 'classic2.nc'],
    ['netCDF', 'classic2-records.nc'],
    ['Zarr', 'v2.zip'],
    ['Zarr', 'v3.zip'],
  ])('%s: %s', async (format, name) => {
    const content = await load(format, name, { variables: ['tas', 'pr'] });
    expect(content.dimensions).toEqual([
      ['bands', 'bands', ['tas', 'pr']],
      ['temporal', 'time', ['2024-01-01T06:00:00Z', '2024-01-11T06:00:00Z']],
      ['spatial', 'lat'],
      ['spatial', 'lon'],
    ]);
    expect(content.grid).toEqual({ crs: 'EPSG:4326', place: [9.75, 46.25, 0.5, 0.5, 2, 3] });
    // From north to south.
    expect(content.values.slice(0, 12)).toEqual([1, null, 0.5, 0.75, 0, 0.25, 2.5, 2.75, 2, 2.25, 1.5, 1.75]);
    expect(content.values[12]).toBe(3);
    const all = await load(format, name);
    expect(new Set(all.dimensions[0][2] as string[])).toEqual(new Set(['tas', 'pr']));
    const mask = await load(format, name, { variables: ['mask'] });
    expect([mask.dataType, mask.values]).toEqual(['int8', [1, 1, 1, 1, 1, 1]]);
  });

  test('netCDF of the classic format: all types of numbers, and records without gaps', async () => {
    for (const type of ['i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'f4', 'f8']) {
      const content = await load('netCDF', 'classic5.nc', { variables: [type] });
      expect([type, content.values]).toEqual([type, [1, 2, 3, 4, 5, 100]]);
    }
    expect((await load('netCDF', 'alone.nc')).values).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('netCDF of the classic format that is cut off or damaged is refused, wherever', async () => {
    const whole = await readFile(join(folder, 'classic2-records.nc'));
    const outcomes = new Set<string>();
    const attempt = async (bytes: Uint8Array) => {
      try {
        const reader = readClassic(bytes);
        for (const { name } of reader.variables) await reader.read(name);
        outcomes.add('read');
      } catch (error) {
        outcomes.add(
          (error as Error).message.replace(/\d+|^\w+ (?=has a dimension that)|(?<=values of )\w+/g, '…'),
        );
      }
    };
    for (let length = 4; length < whole.length; length += 7) await attempt(whole.subarray(0, length));
    for (let at = 4; at < 2000; at++) {
      const damaged = Buffer.from(whole);
      damaged[at] = 0xff;
      await attempt(damaged);
    }
    expect([...outcomes].sort()).toEqual([
      'a variable has … dimensions',
      'it has values of … type …, which is not known',
      'its header is cut off',
      'its header is damaged',
      'read',
      'the values of … are cut off',
      '…has a dimension that there is not',
    ]);
  });

  test('what cannot be loaded is said', async () => {
    const nothing = { code: 'FormatUnsuitable' };
    await expect(load('netCDF', 'v2.zip')).rejects.toMatchObject(nothing);
    await expect(load('Zarr', 'a.nc')).rejects.toMatchObject(nothing);
    await expect(load('netCDF', 'a.nc', { variables: ['tas', 'mask'] })).rejects.toMatchObject(nothing);
    await expect(load('netCDF', 'a.nc', { variables: ['names'] })).rejects.toMatchObject(nothing);
    await expect(load('netCDF', 'a.nc', { variables: ['__proto__'] })).rejects.toMatchObject(nothing);
  });
});

const cube = functionCube({
  grid: utmGrid(64, 48),
  bands: ['a', 'b'],
  value: (x, y, layer) => x * y + layer,
});

describe.each([
  ['netCDF', netcdf],
  ['Zarr', zarr],
])('damaged files of %s', (format, writer) => {
  let bytes: Buffer;
  beforeAll(async () => {
    bytes = await bytesOf((await writer.encode(cube, encodeRequest({ chunk_size: 16 }))).body);
  });

  test('are refused or read, and never anything else', async () => {
    const damaged = [
      Buffer.alloc(0),
      Buffer.from('x'),
      bytes.subarray(0, 100),
      bytes.subarray(0, bytes.length >> 1),
    ];
    for (let seed = 1; seed <= 6; seed++) {
      const copy = Buffer.from(bytes);
      for (let i = 0; i < 60; i++)
        copy[(seed * 7919 * (i + 1) * 104729) % copy.length] ^= 1 << ((i + seed) % 8);
      damaged.push(copy);
    }
    for (const file of damaged) {
      const outcome = await loadFrom(format, [fileOf(file)]).then(
        () => 'read',
        (error) => error.code,
      );
      expect(['read', 'FormatUnsuitable', 'ProcessGraphComplexity']).toContain(outcome);
    }
  }, 60_000);

  test('values beyond the limit are refused, and an abort ends the thread', async () => {
    await expect(loadFrom(format, [fileOf(bytes)], {}, { maxValues: 1000 })).rejects.toMatchObject({
      code: 'ProcessGraphComplexity',
    });
    const reason = new Error('left');
    const stop = new AbortController();
    const work = loadFrom(format, [fileOf(bytes)], {}, { signal: stop.signal });
    setImmediate(() => stop.abort(reason));
    await expect(work).rejects.toBe(reason);
  });
});

const ones = (count: number) => new Array<number>(count).fill(1);

describe('ZIP files', () => {
  async function archive(entries: Readonly<Record<string, Uint8Array>>): Promise<Buffer> {
    const spool = new Spool();
    const zip = new ZipWriter(spool);
    for (const [name, bytes] of Object.entries(entries)) await zip.add(name, bytes);
    await zip.finish();
    const parts: Uint8Array[] = [];
    for await (const part of spool.read()) parts.push(part);
    return Buffer.concat(parts);
  }

  test('give back what was put in, also beyond 65,535 entries', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 66_000 }, (_, i) => [`f/${i}`, Uint8Array.of(i & 255)]),
    );
    const { names, get } = unzip(await archive({ ...many, 'é.txt': Buffer.from('text') }), 1 << 20);
    expect(names).toHaveLength(66_001);
    expect(get('f/65999')).toEqual(Uint8Array.of(65_999 & 255));
    expect(Buffer.from(get('é.txt')!).toString()).toBe('text');
    expect(get('missing')).toBeUndefined();
  });

  test('that unpack to more than they say or may are refused', async () => {
    const plain = Buffer.alloc(1 << 20);
    const packed = deflateRawSync(plain);
    const bytes = await archive({ a: packed });
    // As if the entry were deflated, of 1000 bytes.
    const central = bytes.indexOf(Buffer.from('PK\u0001\u0002'));
    bytes.writeUInt16LE(8, central + 10);
    bytes.writeUInt32LE(1000, central + 24);
    expect(() => unzip(bytes, 1 << 20).get('a')).toThrow();
    bytes.writeUInt32LE(1 << 20, central + 24);
    expect(crc32(unzip(bytes, 1 << 20).get('a')!)).toBe(crc32(plain));
    expect(() => unzip(bytes, 1000).get('a')).toThrow(/more than 1000 bytes/);
  });

  test.each([
    ['of more chunks than can be looked up', { shape: [200_000], chunks: [1] }, /100000 chunks/],
    ['of more dimensions than cubes can nest', { shape: ones(5000), chunks: ones(5000) }, /32 dimensions/],
    ['of a negative size', { shape: [-4] }, /not valid/],
    ['of half a row', { shape: [1.5] }, /not valid/],
    ['of chunks of nothing', { chunks: [0] }, /not valid/],
    ['of chunks of other dimensions', { chunks: [2, 2] }, /not valid/],
  ])('with a Zarr array %s are refused', async (_, wrong, reason) => {
    const right = { zarr_format: 2, shape: [4], chunks: [4], dtype: '<f8', order: 'C' };
    const entry = { ...right, compressor: null, filters: null, fill_value: 0, ...wrong };
    const bytes = await archive({
      '.zgroup': Buffer.from('{"zarr_format":2}'),
      'v/.zarray': Buffer.from(JSON.stringify(entry)),
    });
    await expect(loadFrom('Zarr', [fileOf(bytes)])).rejects.toMatchObject({
      code: 'FormatUnsuitable',
      message: expect.stringMatching(reason),
    });
  });
});

test.each([
  ['days since 1970-01-01', 'standard', [1.5], ['1970-01-02T12:00:00Z']],
  [
    'hours since 2000-1-1 12:30:15.5',
    undefined,
    [0, 1],
    ['2000-01-01T12:30:15.500Z', '2000-01-01T13:30:15.500Z'],
  ],
  ['Seconds since 2000-01-01T00:00:00+02:00', 'gregorian', [0], ['1999-12-31T22:00:00Z']],
  ['days since 2000-01-01', 'noleap', [1], undefined],
  ['furlongs since 2000-01-01', 'standard', [1], undefined],
  [undefined, 'standard', [1], undefined],
  ['days since 2000-01-01', 'standard', ['x'], undefined],
])('times in %s, calendar %s', (unit, calendar, labels, times) => {
  expect(timesOf(labels, unit, calendar)).toEqual(times);
});
