import { tileMatrixSet } from '../../../src/geo/tile-matrix-set';
import type { Grid, TileAddress } from '../../../src/geo/types';
import type { Cube } from '../../../src/raster/cube';
import { callback, from, fromNode, readAll, reducer, runGraph } from './kit';
import { openSample, type SampleWorld } from './sample-world';

let sample: SampleWorld;
beforeAll(async () => {
  sample = await openSample();
});
afterAll(() => sample.close());

const matrices = tileMatrixSet('WebMercatorQuad')!;

/** Bands of 10 m and 20 m merged, clouds masked by the 20 m classes, the latest clear value of an index. */
async function composite(): Promise<Cube> {
  const load = (bands: string[]) => ({
    process_id: 'load_collection',
    arguments: { id: sample.id, spatial_extent: null, temporal_extent: null, bands },
  });
  const inBands = (process: object) => ({ ...process, dimension: 'spectral' });
  return (await runGraph(
    {
      fine: load(['B04', 'B08']),
      coarse: load(['SCL']),
      both: { process_id: 'merge_cubes', arguments: { cube1: fromNode('fine'), cube2: fromNode('coarse') } },
      class: {
        process_id: 'reduce_dimension',
        arguments: inBands({ data: fromNode('coarse'), reducer: reducer('first') }),
      },
      clouds: {
        process_id: 'apply',
        arguments: { data: fromNode('class'), process: callback('gt', { x: from('x'), y: 8 }) },
      },
      clear: { process_id: 'mask', arguments: { data: fromNode('both'), mask: fromNode('clouds') } },
      index: {
        process_id: 'reduce_dimension',
        arguments: inBands({
          data: fromNode('clear'),
          reducer: {
            process_graph: {
              nir: { process_id: 'array_element', arguments: { data: from('data'), label: 'B08' } },
              scl: { process_id: 'array_element', arguments: { data: from('data'), label: 'SCL' } },
              sum: { process_id: 'add', arguments: { x: fromNode('nir'), y: fromNode('scl') }, result: true },
            },
          },
        }),
      },
      last: {
        process_id: 'reduce_dimension',
        arguments: { data: fromNode('index'), dimension: 'time', reducer: reducer('last') },
      },
      box: {
        process_id: 'filter_bbox',
        arguments: {
          data: fromNode('last'),
          extent: { west: 675_300, south: 5_290_200, east: 678_500, north: 5_293_600, crs: 32632 },
        },
        result: true,
      },
    },
    {},
    sample.context,
  )) as Cube;
}

/** The four children of a tile as one picture. */
async function stitch(cube: Cube, { z, x, y }: TileAddress): Promise<unknown[]> {
  const whole = new Array<unknown>(512 * 512);
  for (const [dx, dy] of [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ]) {
    const grid = matrices.grid({ z: z + 1, x: 2 * x + dx, y: 2 * y + dy }, 256);
    (await readAll(cube, { grid })).forEach((value, i) => {
      whole[(dy * 256 + Math.floor(i / 256)) * 512 + dx * 256 + (i % 256)] = value;
    });
  }
  return whole;
}

test.each([12, 14])('four tiles of 256 pixels equal one of 512 at zoom %i', async (zoom) => {
  const cube = await composite();
  const tile = matrices.tileAt(11.34, 47.77, zoom);
  const grid: Grid = matrices.grid(tile, 512);
  const one = await readAll(cube, { grid });
  const four = await stitch(cube, tile);
  const data = one.filter((value) => value !== null).length;
  expect(data).toBeGreaterThan(1000);
  expect(data).toBeLessThan(one.length);
  const different = one.filter((value, i) => value !== four[i]).length;
  expect(different / one.length).toBeLessThanOrEqual(0.001);
});
