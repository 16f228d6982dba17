import fc from 'fast-check';
import sharp from 'sharp';
import { type Cube, deriveCube } from '../../../src/raster/cube';
import { png } from '../../../src/raster/formats/png';
import { decodePng } from './decode-png';
import { bytesOf, encodeRequest, type FunctionCubeOptions, functionCube, utmGrid } from './support';

async function drawn(cube: unknown, options: Record<string, unknown> = {}) {
  const { body, hasData, mediaType, extension } = await png.encode(cube, encodeRequest(options));
  expect([mediaType, extension]).toEqual(['image/png', '.png']);
  const bytes = await bytesOf(body);
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  return { ...decodePng(bytes), hasData, bytes, seen: data, seenChannels: info.channels };
}

const cubeOf = (values: readonly (number | null)[][], changes: Partial<FunctionCubeOptions> = {}): Cube =>
  functionCube({
    grid: utmGrid(values[0].length, 1),
    bands: values.map((_, index) => `b${index}`),
    value: (column, _, layer) => values[layer][column],
    ...changes,
  });

const withStatistics = (name: string, minimum: number, maximum: number, commonName?: string) => ({
  name,
  commonName,
  statistics: { minimum, maximum },
});

describe('channels', () => {
  test('one band is grey: rounded, cut off, and transparent where missing', async () => {
    const values = [-5, 0, 0.49, 0.5, 254.6, 255, 300, Infinity, -Infinity];
    const opaque = await drawn(cubeOf([values]));
    expect(opaque).toMatchObject({ colourType: 0, depth: 8, width: 9, height: 1, hasData: true });
    expect(opaque.samples).toEqual([0, 0, 0, 1, 255, 255, 255, 255, 0]);
    for (const missing of ['nan', 'mask'] as const) {
      const holed = await drawn(cubeOf([[7, null, 0]], { missing }));
      expect(holed).toMatchObject({ colourType: 4, samples: [7, 255, 0, 0, 0, 255] });
    }
  });

  test('two are grey and opacity, three are colours, four add opacity', async () => {
    expect(
      await drawn(
        cubeOf([
          [10, 20],
          [128, 0],
        ]),
      ),
    ).toMatchObject({ colourType: 4, samples: [10, 128, 0, 0] });
    const colours = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    expect(await drawn(cubeOf(colours))).toMatchObject({ colourType: 2, samples: [1, 3, 5, 2, 4, 6] });
    expect(await drawn(cubeOf([...colours, [255, 100]]))).toMatchObject({
      colourType: 6,
      samples: [1, 3, 5, 255, 2, 4, 6, 100],
    });
    expect(
      await drawn(
        cubeOf([
          [1, 2],
          [3, null],
          [5, 6],
        ]),
      ),
    ).toMatchObject({
      colourType: 6,
      samples: [1, 3, 5, 255, 0, 0, 0, 0],
    });
  });

  test('truth is white', async () => {
    expect((await drawn(cubeOf([[0, 1]], { dataType: 'boolean' }))).samples).toEqual([0, 255]);
  });

  test('tells when there is nothing to see', async () => {
    expect((await drawn(cubeOf([[null, null]]))).hasData).toBe(false);
    expect((await drawn(cubeOf([[null, 0]]))).hasData).toBe(true);
  });
});

describe('stretch', () => {
  test('a range goes from black to white', async () => {
    expect((await drawn(cubeOf([[-1, 0, 0.1, 0.2, 9]]), { range: [0, 0.2] })).samples).toEqual([
      0, 0, 128, 255, 255,
    ]);
  });

  test('statistics of each band', async () => {
    const bandInfo = [
      withStatistics('b0', 0, 100),
      withStatistics('b1', 1000, 2000),
      withStatistics('b2', -1, 1),
    ];
    const { samples } = await drawn(cubeOf([[50], [2000], [0]], { bandInfo }), { stretch: 'statistics' });
    expect(samples).toEqual([128, 255, 128]);
  });

  test('bands named by colour are drawn as such whatever their order, and the fourth is left out', async () => {
    const bandInfo = ['blue', 'green', 'red', 'nir'].map((colour, i) =>
      withStatistics(`b${i}`, 0, 255, colour),
    );
    const cube = cubeOf([[1], [2], [3], [4]], { bandInfo });
    expect((await drawn(cube, { stretch: 'statistics' })).samples).toEqual([3, 2, 1]);
    expect((await drawn(cube)).samples).toEqual([1, 2, 3, 4]);
  });

  test('without statistics it says what to do; bytes are drawn as they are', async () => {
    await expect(drawn(cubeOf([[0.3]]), { stretch: 'statistics' })).rejects.toMatchObject({
      code: 'ResultNotRenderable',
      message: expect.stringMatching(/band b0.*colormap.*linear_scale_range/),
    });
    expect((await drawn(cubeOf([[7]], { dataType: 'uint8' }), { stretch: 'statistics' })).samples).toEqual([
      7,
    ]);
  });

  test('16 bits', async () => {
    expect(await drawn(cubeOf([[0, 300.4, 65535, 70000]]), { depth: 16 })).toMatchObject({
      depth: 16,
      samples: [0, 300, 65535, 65535],
    });
    expect((await drawn(cubeOf([[0, 0.5, 1]]), { depth: 16, range: [0, 1] })).samples).toEqual([
      0, 32768, 65535,
    ]);
  });
});

describe('palettes', () => {
  const indexedCube = (palette: number[], indices: number[]): Cube => {
    const cube = cubeOf([indices]);
    return deriveCube(cube, {
      indexed: { palette: Uint8Array.from(palette), read: async () => Uint8Array.from(indices) },
    });
  };

  test.each([
    [2, 1],
    [4, 2],
    [5, 4],
    [16, 4],
    [17, 8],
    [256, 8],
  ])('%i entries are packed into %i bits', async (entries, depth) => {
    const palette = Array.from({ length: entries * 4 }, (_, i) =>
      i % 4 === 3 ? (i === 3 ? 0 : 255) : (i * 37) % 256,
    );
    const indices = Array.from({ length: 13 }, (_, i) => (i * 3) % entries);
    const picture = await drawn(indexedCube(palette, indices));
    expect(picture).toMatchObject({ colourType: 3, depth, samples: indices, hasData: true });
    expect([...picture.transparency!]).toEqual([0]);
    expect(picture.seenChannels).toBe(4);
    expect([...picture.seen]).toEqual(indices.flatMap((index) => palette.slice(index * 4, index * 4 + 4)));
  });

  test('opaque palettes have no tRNS; only transparent indices are no data', async () => {
    const opaque = await drawn(indexedCube([1, 2, 3, 255], [0, 0]));
    expect(opaque.chunks).toEqual(['IHDR', 'PLTE', 'IDAT', 'IEND']);
    expect((await drawn(indexedCube([0, 0, 0, 0, 9, 9, 9, 255], [0, 0]))).hasData).toBe(false);
  });
});

test('any picture survives, at any compression, as sharp and our decoder read it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 9 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
      async (width, bands, zlevel, stream) => {
        const grid = utmGrid(width, 7);
        const values = Array.from({ length: width * 7 * bands }, () => stream.next().value as number);
        const value = (column: number, row: number, layer: number) =>
          values[(layer * 7 + row) * width + column];
        const names = Array.from({ length: bands }, (_, index) => `${index}`);
        const picture = await drawn(functionCube({ grid, bands: names, dataType: 'uint8', value }), {
          zlevel,
        });
        const hasAlpha = bands === 2 || bands === 4;
        const channels = [1, 0, 3, 1, 2, 0, 4][picture.colourType];
        for (let pixel = 0; pixel < width * 7; pixel++) {
          const own = names.map((_, layer) => values[layer * width * 7 + pixel]);
          const expected = hasAlpha && own[bands - 1] === 0 ? own.map(() => 0) : own;
          const found = picture.samples.slice(pixel * channels, (pixel + 1) * channels);
          // An opacity that is 255 everywhere is left out.
          expect(found).toEqual(expected.slice(0, channels));
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('a large picture is read in strips', async () => {
  const rows: number[] = [];
  const cube = functionCube({
    grid: utmGrid(3000, 2000),
    dataType: 'uint8',
    value: (column, row) => (column * row) & 255,
    onRead: (_, height) => rows.push(height),
  });
  const { body } = await png.encode(cube, encodeRequest());
  expect(rows.length).toBeGreaterThan(1);
  const { data, info } = await sharp(await bytesOf(body))
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width: 3000, height: 2000 });
  const wrong = [];
  for (let pixel = 0; pixel < 6_000_000; pixel += 997)
    if (data[pixel * info.channels] !== (((pixel % 3000) * Math.floor(pixel / 3000)) & 255))
      wrong.push(pixel);
  expect(wrong).toEqual([]);
});

test('what is no picture is refused by name', async () => {
  const many = functionCube({ grid: utmGrid(2, 2), bands: ['a', 'b', 'c', 'd', 'e'], value: () => 1 });
  await expect(drawn(many)).rejects.toMatchObject({ code: 'ResultNotRenderable', message: /5 bands/ });
  const dates = ['2024-01-01T00:00:00Z', '2024-01-02T00:00:00Z'];
  await expect(
    drawn(functionCube({ grid: utmGrid(2, 2), times: dates, value: () => 1 })),
  ).rejects.toMatchObject({
    message: expect.stringMatching(/dimension t has 2 labels.*reduce_dimension/),
  });
  await expect(drawn(deriveCube(many, { dataType: 'text' }))).rejects.toMatchObject({
    message: expect.stringMatching(/text/),
  });
  await expect(drawn(deriveCube(many, { grid: undefined }))).rejects.toMatchObject({
    message: expect.stringMatching(/regular grid/),
  });
  for (const options of [
    { range: [1] },
    { range: ['a', 'b'] },
    { depth: 4 },
    { zlevel: 10 },
    { stretch: 'auto' },
    { __proto__x: 1 },
  ])
    await expect(drawn(many, options)).rejects.toMatchObject({ code: 'ProcessParameterInvalid' });
});
