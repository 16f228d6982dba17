import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LabeledArray } from '../../../src/graph/types';
import type { Cube, Dimension } from '../../../src/raster/cube';
import { csv } from '../../../src/raster/formats/csv';
import { parquet } from '../../../src/raster/formats/parquet';
import { labelParts } from '../../../src/raster/formats/table/parts';
import { memoryCube } from '../../../src/raster/memory-cube';
import { describeWith, pythonWith } from '../../support/tools';
import { bytesOf, encodeRequest, farTriangle, functionCube, utmGrid } from './support';

const run = promisify(execFile);
const pandas = pythonWith('geopandas', 'pyarrow');

const zones: Dimension = {
  type: 'geometry',
  name: 'geometry',
  labels: [
    { type: 'Point', coordinates: [11, 46] },
    {
      type: 'MultiPolygon',
      coordinates: [[farTriangle]],
    },
    null,
  ],
  features: [
    { id: 'a', properties: { name: 'Bozen, "Süd"', size: 1.5 } },
    { id: 'b', properties: { name: '', size: null } },
    { properties: null },
  ],
};

function zonal(): Cube {
  return memoryCube({
    dimensions: [
      zones,
      { type: 'bands', name: 'bands', labels: ['mean', 'count'] },
      { type: 'temporal', name: 't', labels: ['2024-01-01T00:00:00Z', '2024-02-01T00:00:00Z'] },
    ],
    data: Float64Array.from({ length: 12 }, (_, index) => (index === 5 ? Number.NaN : index / 4)),
  });
}

async function text(data: unknown, options: Record<string, unknown> = {}): Promise<string> {
  const { body, mediaType } = await csv.encode(data, encodeRequest(options));
  expect(mediaType).toBe('text/csv; charset=utf-8');
  return (await bytesOf(body)).toString();
}

describe('CSV', () => {
  test('has a row for each pixel and date, and a column for each band', async () => {
    const cube = functionCube({
      grid: utmGrid(2, 2),
      bands: ['B04', 'B,08'],
      times: ['2024-01-01', '2024-02-01'],
      missing: 'mask',
      value: (x, y, layer) =>
        x + y === 2 ? null : x === 1 && layer === 0 ? Number.NaN : layer + x / 10 + y / 4,
    });
    expect(await text(cube)).toBe(
      [
        't,y,x,B04,"B,08"',
        '2024-01-01,5199995,600005,0,1',
        '2024-01-01,5199995,600015,NaN,1.1',
        '2024-01-01,5199985,600005,0.25,1.25',
        '2024-01-01,5199985,600015,,',
        '2024-02-01,5199995,600005,2,3',
        '2024-02-01,5199995,600015,2.1,3.1',
        '2024-02-01,5199985,600005,2.25,3.25',
        '2024-02-01,5199985,600015,,',
        '',
      ].join('\n'),
    );
  });

  test('has identifiers and properties of geometries, and their text where it is asked for', async () => {
    const rows = (await text(zonal())).split('\n');
    expect(rows.slice(0, 4)).toEqual([
      'geometry,name,size,t,mean,count',
      'a,"Bozen, ""Süd""",1.5,2024-01-01T00:00:00Z,0,0.5',
      'a,"Bozen, ""Süd""",1.5,2024-02-01T00:00:00Z,0.25,0.75',
      'b,"",,2024-01-01T00:00:00Z,1,1.5',
    ]);
    expect(rows[4]).toBe('b,"",,2024-02-01T00:00:00Z,,1.75');
    expect(rows[5]).toBe('2,,,2024-01-01T00:00:00Z,2,2.5');
    const withText = (await text(zonal(), { geometry: 'wkt', separator: ';' })).split('\n');
    expect(withText.slice(0, 2)).toEqual([
      'id;name;size;geometry;t;mean;count',
      'a;"Bozen, ""Süd""";1.5;POINT (11 46);2024-01-01T00:00:00Z;0;0.5',
    ]);
  });

  test('writes values that are no cube', async () => {
    expect(await text(3.5)).toBe('value\n3.5\n');
    expect(await text([1, null, Number.POSITIVE_INFINITY])).toBe('value\n1\n\nInfinity\n');
    expect(
      await text([
        { a: 1, b: [2] },
        { b: 'x', ['__proto__']: true },
      ]),
    ).toBe('a,b,__proto__\n1,[2],\n,x,true\n'.replace('[2]', '[2]'));
    expect(await text(new LabeledArray(['p', 'q'], [1, 2]))).toBe('label,value\np,1\nq,2\n');
    expect(await text({ mean: 2, text: ' a\n' })).toBe('mean,text\n2," a\n"\n');
    await expect(text([])).rejects.toMatchObject({ code: 'FormatUnsuitable' });
  });

  test('keeps 32-bit numbers short and exact', async () => {
    const values = Float32Array.of(0.1, 1 / 3, 1e-30, 16777217, -0.7, 3.4028234e38);
    const cube = memoryCube({
      dimensions: [{ type: 'other', name: 'i', labels: [...values.keys()] }],
      data: values,
    });
    const rows = (await text(cube)).trim().split('\n').slice(1);
    expect(rows[0]).toBe('0,0.1');
    expect(Float32Array.from(rows, (row) => Number(row.split(',')[1]))).toEqual(values);
  });

  test('reads no more than a part of a large cube at once, and a scene that hangs together once', async () => {
    for (const locality of ['local', 'whole'] as const) {
      const reads: number[] = [];
      const cube = functionCube({
        grid: utmGrid(900, 700),
        bands: ['a', 'b'],
        times: ['2024-01-01', '2024-01-02'],
        dataType: 'int16',
        locality,
        onRead: (width, height, layers) => reads.push(width * height * layers),
        value: (x, y, layer) => x + y + layer,
      });
      const lines = (await text(cube)).split('\n');
      expect(lines).toHaveLength(2 * 900 * 700 + 2);
      expect(lines[2 * 900 * 700]).toBe('2024-01-02,5193005,608995,1600,1601');
      if (locality === 'local') expect(Math.max(...reads)).toBeLessThanOrEqual(1 << 20);
      else expect(reads).toEqual([900 * 700 * 2, 900 * 700 * 2]);
    }
  });
});

test('parts of labels cover all combinations in their order', () => {
  for (const lengths of [[], [5], [3, 4], [2, 3, 4], [4, 1, 7]])
    for (const max of [1, 3, 7, 24, 1000]) {
      const covered = [...labelParts(lengths, 2, max)].flatMap((ranges) =>
        ranges.reduce<number[]>(
          (all, { from, count }, axis) =>
            all.flatMap((index) => Array.from({ length: count }, (_, i) => index * lengths[axis] + from + i)),
          [0],
        ),
      );
      const total = lengths.reduce((product, length) => product * length, 1);
      expect(covered).toEqual(Array.from({ length: total }, (_, index) => index));
    }
});

/** What pandas and geopandas say of Parquet files. */
const inspect = `
import json, sys, pandas as pd, geopandas as gpd, pyarrow.parquet as pq
out = {}
for path in sys.argv[1:]:
    meta = pq.read_metadata(path)
    isGeo = b'geo' in (meta.metadata or {})
    d = gpd.read_parquet(path) if isGeo else pd.read_parquet(path)
    out[path] = dict(dtypes={c: str(t) for c, t in d.dtypes.items()}, rows=len(d), groups=meta.num_row_groups,
        metadata={k.decode(): v.decode() for k, v in (meta.metadata or {}).items()},
        crs=d.crs.to_string() if isGeo else None, bounds=list(d.total_bounds) if isGeo else None,
        data=json.loads(d.head(8).to_json(default=str) if isGeo else d.head(8).to_json(orient='records', date_format='iso')),
        sums={c: float(d[c].sum()) for c in d.columns if pd.api.types.is_numeric_dtype(d[c])})
print(json.dumps(out))
`;

describeWith(pandas, 'python3 with geopandas and pyarrow', 'what pandas reads of Parquet', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parquet-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function inspected(files: readonly (readonly [data: unknown, options?: Record<string, unknown>])[]) {
    const paths = await Promise.all(
      files.map(async ([data, options], index) => {
        const path = join(folder, `${index}.parquet`);
        await writeFile(path, await bytesOf((await parquet.encode(data, encodeRequest(options))).body));
        return path;
      }),
    );
    const { stdout } = await run(pandas!, ['-W', 'ignore', '-c', inspect, ...paths], { maxBuffer: 64 << 20 });
    const found = JSON.parse(stdout);
    return paths.map((path) => found[path]);
  }

  test('types, missing values, row groups, reference systems and geometries', async () => {
    const types = [
      'uint8',
      'int8',
      'uint16',
      'int16',
      'uint32',
      'int32',
      'float32',
      'float64',
      'boolean',
    ] as const;
    const pixels = functionCube({
      grid: utmGrid(400, 300),
      bands: ['a', 'b'],
      times: ['2024-01-01T00:00:00Z'],
      dataType: 'uint16',
      value: (x, y, layer) => x + y + layer,
    });
    const [scene, vector, table, ...typed] = await inspected([
      [pixels],
      [zonal(), { compression: 'gzip' }],
      [
        [
          { name: 'é', n: 1 },
          { name: null, n: Number.NaN },
        ],
        { compression: 'none' },
      ],
      ...types.map((dataType) => {
        const cube = memoryCube({
          dimensions: [{ type: 'other', name: 'i', labels: [0, 1, 2] }],
          data: Float64Array.of(1, 0, dataType === 'uint32' ? 4294967295 : 100),
          valid: Uint8Array.of(1, 0, 1),
          dataType,
        });
        return [cube] as const;
      }),
    ]);
    expect(scene).toMatchObject({ rows: 120_000, groups: 2, metadata: { crs: 'EPSG:32633' } });
    expect(scene.dtypes).toEqual({
      t: 'datetime64[ms, UTC]',
      y: 'float64',
      x: 'float64',
      a: 'uint16',
      b: 'uint16',
    });
    expect(scene.sums.b - scene.sums.a).toBe(120_000);
    expect(scene.data[1]).toEqual({ t: '2024-01-01T00:00:00.000Z', y: 5199995, x: 600015, a: 1, b: 2 });

    expect(vector).toMatchObject({ rows: 6, crs: 'OGC:CRS84', bounds: [10, 45, 11, 46] });
    const { features } = vector.data;
    expect(features[0].geometry).toEqual({ type: 'Point', coordinates: [11, 46] });
    expect(features[2].geometry.type).toBe('MultiPolygon');
    expect(features[3].properties).toMatchObject({ id: 'b', name: '', size: null, mean: null, count: 1.75 });
    expect(features[5].geometry).toBeNull();

    expect(table.data).toEqual([
      { name: 'é', n: 1 },
      { name: null, n: null },
    ]);
    typed.forEach((file, index) => {
      const value = types[index] === 'boolean' ? true : types[index] === 'uint32' ? 4294967295 : 100;
      expect(file.data.map((row: { value: unknown }) => row.value)).toEqual([
        types[index] === 'boolean' ? true : 1,
        null,
        value,
      ]);
    });
  });

  test('a file beyond what is held in memory', async () => {
    const cube = functionCube({ grid: utmGrid(1100, 1000), bands: ['v'], value: (x, y) => Math.sin(x * y) });
    const { body } = await parquet.encode(cube, encodeRequest({ compression: 'none' }));
    expect(body).not.toBeInstanceOf(Uint8Array);
    const path = join(folder, 'large.parquet');
    await writeFile(path, await bytesOf(body));
    const { stdout } = await run(pandas!, ['-W', 'ignore', '-c', inspect, path], { maxBuffer: 64 << 20 });
    expect(JSON.parse(stdout)[path].rows).toBe(1_100_000);
  });
});
