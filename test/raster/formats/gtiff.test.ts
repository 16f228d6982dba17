import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gtiff } from '../../../src/raster/formats/gtiff';
import { bytesOf, encodeRequest, functionCube, python, utmGrid } from './support';

let hasRasterio = true;
try {
  execFileSync('/usr/bin/python3', ['-c', 'import rasterio'], { stdio: 'ignore' });
} catch {
  hasRasterio = false;
  process.stderr.write('GeoTIFF files are not checked by GDAL: python3 with rasterio is not installed.\n');
}
const withGdal = hasRasterio ? describe : describe.skip;

/** What GDAL says of a file, with the layout read from the bytes. */
const inspect = `
import sys, json, struct, rasterio, numpy as np
path = sys.argv[1]
with rasterio.open(path) as d:
    a = d.read()
    out = dict(driver=d.driver, width=d.width, height=d.height, count=d.count, dtypes=d.dtypes,
      nodata=('nan' if d.nodata is not None and d.nodata != d.nodata else d.nodata), epsg=d.crs.to_epsg() if d.crs else None,
      wkt=d.crs.to_wkt() if d.crs else None, transform=list(d.transform)[:6], overviews=d.overviews(1), block=d.block_shapes[0],
      descriptions=d.descriptions, interleave=d.profile.get('interleave'), predictor=d.tags(ns='IMAGE_STRUCTURE').get('PREDICTOR'),
      colors=[c.name for c in d.colorinterp],
      sum=[float(np.nansum(b.astype('f8'))) for b in a], missing=[int((b==0).sum()) for b in d.read_masks()],
      sample=[[None if v != v else float(v) for v in b[::max(1,d.height//7), ::max(1,d.width//7)].ravel().astype('f8')] for b in a])
    out['overview_sums'] = []
    for i, f in enumerate(d.overviews(1)):
        with rasterio.open(path, overview_level=i) as o:
            m = o.read(1, masked=True)
            out['overview_sums'].append([o.width, o.height, float(m.astype('f8').mean())])
b = open(path,'rb').read()
big = struct.unpack('<H', b[2:4])[0] == 43
ifd = struct.unpack('<Q', b[8:16])[0] if big else struct.unpack('<I', b[4:8])[0]
ifds = []
while ifd:
    n = struct.unpack('<Q' if big else '<H', b[ifd:ifd+(8 if big else 2)])[0]
    p = ifd + (8 if big else 2); tags = {}
    for i in range(n):
        t, ty, c = struct.unpack('<HHQ' if big else '<HHI', b[p:p+(12 if big else 8)])
        size = {2:1,3:2,4:4,12:8,16:8}[ty]*c; s = p+(12 if big else 8); inl = 8 if big else 4
        at = s if size <= inl else struct.unpack('<Q' if big else '<I', b[s:s+inl])[0]
        if t in (324, 325): tags[t] = [struct.unpack('<Q' if ty==16 else '<I', b[at+j*size//c:at+(j+1)*size//c])[0] for j in range(c)]
        p += 20 if big else 12
    ifds.append([ifd, min(tags[324]), max(o+l for o,l in zip(tags[324], tags[325]))])
    ifd = struct.unpack('<Q' if big else '<I', b[p:p+(8 if big else 4)])[0]
out['ifds'] = ifds; out['size'] = len(b); out['big'] = big
print(json.dumps(out))
`;

interface Inspected {
  width: number;
  height: number;
  count: number;
  dtypes: string[];
  nodata: number | 'nan' | null;
  epsg: number | null;
  wkt: string;
  transform: number[];
  overviews: number[];
  block: number[];
  descriptions: (string | null)[];
  interleave: string;
  predictor: string;
  colors: string[];
  sum: number[];
  missing: number[];
  sample: (number | null)[][];
  overview_sums: [number, number, number][];
  ifds: [number, number, number][];
  size: number;
}

/** The rules of GDAL's validator: directories first and in order, coarser overviews before finer pixels. */
function expectCogLayout({ ifds, size }: Inspected): void {
  expect(ifds[0][0]).toBe(8);
  for (let i = 1; i < ifds.length; i++) {
    expect(ifds[i][0]).toBeGreaterThan(ifds[i - 1][0]);
    expect(ifds[i][2]).toBeLessThanOrEqual(ifds[i - 1][1]);
  }
  expect(Math.min(...ifds.map((ifd) => ifd[1]))).toBeGreaterThan(Math.max(...ifds.map((ifd) => ifd[0])));
  expect(ifds[0][2]).toBe(size);
}

withGdal('GTiff, as GDAL reads it', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gtiff-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function inspected(
    cube: unknown,
    options: Record<string, unknown> = {},
  ): Promise<Inspected & { hasData: boolean }> {
    const encoded = await gtiff.encode(cube, encodeRequest(options));
    const path = join(folder, `${Math.random()}.tif`);
    await writeFile(path, await bytesOf(encoded.body));
    return { ...((await python(inspect, path)) as Inspected), hasData: encoded.hasData };
  }

  const expectedSum = (width: number, height: number, value: (x: number, y: number) => number | null) => {
    let sum = 0;
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) sum += value(x, y) ?? 0;
    return sum;
  };

  test.each([
    ['uint8', 251],
    ['int8', 120],
    ['uint16', 65521],
    ['int16', 32003],
    ['uint32', 4294967291],
    ['int32', 2147483629],
    ['float32', 16777213],
    ['float64', 2 ** 52 - 1],
  ] as const)('keeps every value of %s', async (dataType, modulus) => {
    const signed = dataType.startsWith('int') || dataType.startsWith('float');
    const value = (x: number, y: number) =>
      (((x * 7919 + y * 104729) * 31) % modulus) * (signed && x % 2 ? -1 : 1);
    const cube = functionCube({ grid: utmGrid(300, 211), dataType, value });
    for (const compression of dataType.endsWith('32') ? ['deflate', 'none'] : ['deflate']) {
      const file = await inspected(cube, { tile_size: 128, compression });
      expect(file.dtypes).toEqual([dataType]);
      expect(file.sum).toEqual([expectedSum(300, 211, value)]);
      expect(file.sample[0][9]).toBe(value(42, 30));
      expect(file.nodata).toBeNull();
      expectCogLayout(file);
    }
  });

  test('keeps the georeference, labels and one band per label', async () => {
    const grid = { ...utmGrid(700, 500), resX: 12.5, resY: 7.25, originX: 512345.5 };
    const value = (x: number, y: number, layer: number) => x + y * 1000 + layer * 1e6;
    const cube = functionCube({
      grid,
      bands: ['B04', 'B08 <nir> & "more"'],
      times: ['2024-01-01T00:00:00Z', '2024-02-01T00:00:00Z', '2024-03-01T00:00:00Z'],
      dataType: 'float64',
      value,
    });
    const file = await inspected(cube, { tile_size: 256 });
    expect(file).toMatchObject({
      width: 700,
      height: 500,
      count: 6,
      epsg: 32633,
      interleave: 'band',
      block: [256, 256],
    });
    expect(file.transform).toEqual([12.5, 0, 512345.5, 0, -7.25, 5200000]);
    expect(file.descriptions[3]).toBe('2024-02-01T00:00:00Z B08 <nir> & "more"');
    expect(file.sum).toEqual(
      [0, 1, 2, 3, 4, 5].map((layer) => expectedSum(700, 500, (x, y) => value(x, y, layer))),
    );
    expectCogLayout(file);
  });

  test('averages overviews without missing values, and marks those', async () => {
    const value = (x: number, y: number) => (x < 300 && y < 300 ? null : 10 + ((x >> 1) % 2));
    for (const missing of ['nan', 'mask'] as const) {
      const file = await inspected(functionCube({ grid: utmGrid(1100, 901), missing, value }), {
        tile_size: 256,
      });
      expect(file.nodata).toBe('nan');
      expect(file.missing).toEqual([300 * 300]);
      expect(file.overviews).toEqual([2, 4, 8]);
      expect(file.overview_sums.map(([width, height]) => [width, height])).toEqual([
        [550, 451],
        [275, 226],
        [138, 113],
      ]);
      for (const [, , mean] of file.overview_sums) expect(mean).toBeCloseTo(10.5, 1);
      expectCogLayout(file);
    }
  });

  test('writes a declared nodata value, and never lets a value pass for a chosen one', async () => {
    const value = (x: number, y: number) => (x === y ? null : (x + y) % 256);
    const declared = await inspected(
      functionCube({ grid: utmGrid(64, 64), dataType: 'int16', nodata: -9999, value }),
    );
    expect(declared).toMatchObject({ nodata: -9999, missing: [64] });
    const chosen = await inspected(
      functionCube({
        grid: utmGrid(256, 256),
        dataType: 'uint8',
        missing: 'mask',
        value: (x, y) => (x === y ? null : x),
      }),
    );
    expect(chosen).toMatchObject({ nodata: 255, missing: [256] });
    const unfit = await inspected(
      functionCube({ grid: utmGrid(64, 64), dataType: 'uint8', nodata: -1, value }),
    );
    expect(unfit).toMatchObject({ nodata: 255, missing: [64] });
  });

  test('reads a tile at a time, and many layers in groups', async () => {
    const windows: string[] = [];
    const cube = functionCube({
      grid: utmGrid(250, 80),
      bands: Array.from({ length: 70 }, (_, i) => `b${i}`),
      times: ['2024-01-01T00:00:00Z', '2024-02-01T00:00:00Z'],
      dataType: 'uint16',
      value: (x, y, layer) => (x + y + layer) % 1000,
      onRead: (width, height, layers) => windows.push(`${width}x${height}x${layers}`),
    });
    const file = await inspected(cube, { tile_size: 256, level: 1 });
    expect(file.count).toBe(140);
    expect(file.sample.map((band) => band[0])).toEqual(Array.from({ length: 140 }, (_, i) => i));
    expect(new Set(windows.map((text) => text.split('x')[2]))).toEqual(new Set(['64', '6']));
    expectCogLayout(file);
  });

  test('systems without an EPSG code keep their definition', async () => {
    const wkt =
      'PROJCS["Own LAEA",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Lambert_Azimuthal_Equal_Area"],PARAMETER["latitude_of_center",51],PARAMETER["longitude_of_center",9],PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["metre",1]]';
    const file = await inspected(functionCube({ grid: utmGrid(20, 20, 10, wkt), value: (x) => x }));
    expect(file.epsg).toBeNull();
    expect(file.wkt).toMatch(/Lambert_Azimuthal_Equal_Area/);
    expect(file.wkt).toMatch(/"latitude_of_center",51/);
    const spelt: [string, RegExp][] = [
      [
        '+proj=laea +lat_0=51 +lon_0=9 +datum=WGS84 +units=m +no_defs',
        /Lambert_Azimuthal.*"latitude_of_center",51.*"longitude_of_center",9/,
      ],
      [
        '+proj=lcc +lat_0=40 +lon_0=10 +lat_1=35 +lat_2=65 +x_0=100 +y_0=200 +ellps=GRS80 +units=m',
        /Lambert_Conformal.*GRS|GRS.*Lambert_Conformal/,
      ],
      ['+proj=tmerc +lat_0=1 +lon_0=2 +k=0.9996 +x_0=5 +y_0=6 +ellps=bessel', /Transverse_Mercator.*0\.9996/],
      ['+proj=sinu +lon_0=3 +a=6371007.181 +b=6371007.181 +units=m', /6371007\.181.*Sinusoidal/],
    ];
    for (const [definition, pattern] of spelt)
      expect(
        (await inspected(functionCube({ grid: utmGrid(9, 9, 10, definition), value: (x) => x }))).wkt,
      ).toMatch(pattern);
    const geographic = await inspected(
      functionCube({ grid: { ...utmGrid(20, 20, 0.1, 4326), originX: 10, originY: 50 }, value: (x) => x }),
    );
    expect(geographic.epsg).toBe(4326);
  });

  test('one pixel, one column, and a whole-scene cube read once', async () => {
    expect(await inspected(functionCube({ grid: utmGrid(1, 1), value: () => 7 }))).toMatchObject({
      sum: [7],
      overviews: [],
    });
    const column = await inspected(functionCube({ grid: utmGrid(1, 1025), value: () => 1 }), {
      tile_size: 128,
    });
    expect(column).toMatchObject({
      sum: [1025],
      overviews: [1, 1, 1, 1],
    });
    const reads: number[] = [];
    const value = (x: number, y: number) => x * 3 + y;
    const whole = functionCube({
      grid: utmGrid(400, 300),
      locality: 'whole',
      value,
      onRead: (width) => reads.push(width),
    });
    const file = await inspected(whole, { tile_size: 128 });
    expect(reads).toEqual([400]);
    expect(file.sum).toEqual([expectedSum(400, 300, value)]);
  });

  test('tells whether there is data', async () => {
    expect((await inspected(functionCube({ grid: utmGrid(9, 9), value: () => null }))).hasData).toBe(false);
    expect(
      (await inspected(functionCube({ grid: utmGrid(9, 9), value: (x) => (x ? null : 1) }))).hasData,
    ).toBe(true);
  });
});

describe('GTiff', () => {
  test('spools a large result to a file that is gone afterwards', async () => {
    let seed = 1;
    const noise = () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed;
    };
    const cube = functionCube({ grid: utmGrid(1100, 1100), dataType: 'float64', value: noise });
    const { body } = await gtiff.encode(cube, encodeRequest({ compression: 'none', overviews: 'none' }));
    expect(body).toBeInstanceOf(Readable);
    const bytes = await bytesOf(body);
    expect(bytes.length).toBeGreaterThan(9 * 512 * 512 * 8);
    const again = await gtiff.encode(cube, encodeRequest({ compression: 'none', overviews: 'none' }));
    (again.body as Readable).destroy();
  });

  test('stops when aborted, and refuses what is too large, empty or no raster', async () => {
    const grid = utmGrid(2000, 2000);
    const controller = new AbortController();
    const cube = functionCube({ grid, value: () => 1, onRead: () => controller.abort(new Error('left')) });
    await expect(gtiff.encode(cube, encodeRequest({}, { signal: controller.signal }))).rejects.toThrow(
      'left',
    );
    const other = functionCube({ grid, value: () => 1 });
    await expect(gtiff.encode(other, encodeRequest({}, { maxPixels: 3_999_999 }))).rejects.toMatchObject({
      code: 'ProcessGraphComplexity',
      message: expect.stringContaining('4,000,000 values; at most 3,999,999'),
    });
    await expect(
      gtiff.encode(functionCube({ grid, bands: [], value: () => 1 }), encodeRequest()),
    ).rejects.toMatchObject({
      code: 'DataCubeEmpty',
    });
    await expect(gtiff.encode(5, encodeRequest())).rejects.toMatchObject({ code: 'ResultNotRenderable' });
    await expect(gtiff.encode(other, encodeRequest({ tilesize: 256 }))).rejects.toMatchObject({
      code: 'ProcessParameterInvalid',
      message: expect.stringMatching(/tilesize.*tile_size/),
    });
  });
});
