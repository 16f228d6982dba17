import type { Cube } from '../../../../src/raster/cube';
import { loadApart } from '../../../../src/raster/formats/input/apart/load';
import { findInputFormat } from '../../../../src/raster/formats/input/registry';
import type { InputFile, LoadRequest } from '../../../../src/raster/formats/input/types';
import { findFormat } from '../../../../src/raster/formats/registry';
import { memoryCube } from '../../../../src/raster/memory-cube';
import { bytesOf, encodeRequest, functionCube, utmGrid } from '../support';
import { contentOf, fileOf, loadFrom } from './support';

/** Loads files as `load_uploaded_files` does, in a thread whatever their size. */
function inThread(format: string, file: InputFile, changes: Partial<LoadRequest> = {}): Promise<Cube> {
  const found = findInputFormat(format)!;
  return loadApart({ ...found, apart: { ...found.apart!, leastBytes: 0 } }, [file], {
    options: {},
    process: 'load_uploaded_files',
    signal: new AbortController().signal,
    maxValues: 1e7,
    raster: undefined as never,
    ...changes,
  });
}

async function fileIn(format: string, cube: Cube, options = {}): Promise<InputFile> {
  return fileOf(await bytesOf((await findFormat(format)!.encode(cube, encodeRequest(options))).body));
}

const series = functionCube({
  grid: utmGrid(7, 5),
  bands: ['B04', 'B08'],
  times: ['2024-01-01T00:00:00Z', '2024-02-01T00:00:00Z'],
  value: (x, y, layer) => (x === y ? null : x + 10 * y + 100 * layer),
});
const zones = memoryCube({
  dimensions: [
    {
      type: 'geometry',
      name: 'geometry',
      labels: Array.from({ length: 5000 }, (_, index) => ({ type: 'Point', coordinates: [index / 100, 46] })),
      features: Array.from({ length: 5000 }, (_, id) => ({ id, properties: { name: `zone ${id}` } })),
    },
    { type: 'bands', name: 'bands', labels: ['a', 'b'] },
  ],
  data: Array.from({ length: 10_000 }, (_, index) => (index % 7 === 0 ? null : `text ${index}`)),
});

describe('files that a thread decodes', () => {
  test.each(['JSON', 'CSV', 'Parquet', 'netCDF', 'Zarr'])(
    'are the same cube: pixels in %s',
    async (format) => {
      const file = await fileIn(format, series);
      const options = format === 'CSV' ? { crs: 32633 } : {};
      const [there, here] = [
        await inThread(format, file, { options }),
        await loadFrom(format, [file], options),
      ];
      expect(await contentOf(there)).toEqual(await contentOf(here));
      expect(there).toMatchObject({
        dataVersion: here.dataVersion,
        missing: here.missing,
        nodata: here.nodata,
      });
    },
  );

  test.each(['GeoJSON', 'Parquet'])(
    'are the same cube: thousands of features and texts in %s',
    async (format) => {
      const file = await fileIn(format, zones);
      const options = format === 'GeoJSON' ? { properties: ['a'] } : {};
      const [there, here] = [
        await inThread(format, file, { options }),
        await loadFrom(format, [file], options),
      ];
      expect(await contentOf(there)).toEqual(await contentOf(here));
      expect(there.dimensions).toEqual(here.dimensions);
    },
  );

  test('fail with the code and the message of the format', async () => {
    const damaged = fileOf(Buffer.from('{"type":"datacube"'), 'a.json');
    await expect(inThread('JSON', damaged)).rejects.toMatchObject({
      code: 'FormatUnsuitable',
      message: 'a.json is not valid JSON.',
    });
    const many = fileOf(Buffer.from('a,b\n1,2\n3,4\n'), 'a.csv');
    await expect(inThread('CSV', many, { maxValues: 3 })).rejects.toMatchObject({
      code: 'ProcessGraphComplexity',
      status: 400,
    });
  });

  test('claim memory for what they say that they hold, and stop where there is none', async () => {
    const claims: number[] = [];
    const refusal = new Error('no more');
    const claim = async (bytes: number) => {
      claims.push(bytes);
      throw refusal;
    };
    for (const format of ['Parquet', 'netCDF', 'Zarr'])
      await expect(inThread(format, await fileIn(format, series), { claim })).rejects.toBe(refusal);
    expect(claims).toHaveLength(3);
    for (const bytes of claims) expect(bytes).toBeGreaterThan(7 * 5 * 4 * 8);
  });

  test('end with the signal, whatever the thread does', async () => {
    const controller = new AbortController();
    const endless = () => {
      controller.abort(new Error('time is over'));
      return new Promise<void>(() => {});
    };
    const file = await fileIn('Parquet', series);
    const loading = inThread('Parquet', file, { signal: controller.signal, claim: endless });
    await expect(loading).rejects.toThrow('time is over');
    await expect(inThread('Parquet', file, { signal: controller.signal })).rejects.toThrow('time is over');
  });
});
