import { buffer } from 'node:stream/consumers';
import { tileMatrixSet } from '../../../src/geo/tile-matrix-set';
import { SavedResult } from '../../../src/graph/types';
import type { Cube } from '../../../src/raster/cube';
import { outputFormats } from '../../../src/raster/formats/registry';
import { encodeResult } from '../../../src/services/encode-result';
import { sampleCollection } from '../../support/sample';
import { describeWith, sharedFolder } from '../../support/tools';
import { bolzano, compare, differing, gridOf } from './compare';
import { factor, kernel, workflows, zonal, zones } from './graphs';
import { bolzanoArea, from, load, ndviOf, node, overTime, sampleArea, type Workflow } from './nodes';
import { openWorkflows, readInChunks, readValues, signal, type WorkflowWorld } from './world';

let world: WorkflowWorld;

beforeAll(async () => {
  world = await openWorkflows([await sampleCollection(), ...(sharedFolder ? [bolzano] : [])]);
}, 120_000);
afterAll(() => world?.close());

const ofSample = workflows.filter(({ area }) => area !== bolzanoArea);
const ofBolzano = workflows.filter(({ area }) => area === bolzanoArea);

/** The workflow's values equal those of numpy, whole and in chunks, with kernels and without. */
async function check(workflow: Workflow): Promise<void> {
  const cube = (await world.run(workflow.nodes, true)) as Cube;
  const grid = gridOf(cube, workflow.area);
  const whole = await readInChunks(cube, grid, 100_000);
  await compare(whole, workflow, cube.isGridFixed ? grid : undefined);
  for (const side of [64, 256])
    expect([side, differing(await readInChunks(cube, grid, side), whole, 0)]).toEqual([side, 0]);
  const plain = (await world.run(workflow.nodes, false)) as Cube;
  for (const side of [64, 256, 100_000])
    expect([side, differing(await readInChunks(plain, grid, side), whole)]).toEqual([side, 0]);
}

describe('workflows on the sample collection', () => {
  test.each(ofSample.map((workflow) => [workflow.title, workflow] as const))(
    '%s',
    (_, workflow) => check(workflow),
    300_000,
  );

  test('zonal statistics as values, GeoJSON and CSV', async () => {
    const cube = (await world.run(
      { ...zonal, end: node('constant', { x: from('zones') }, true) },
      true,
    )) as Cube;
    const values = await readValues(cube);
    const workflow = {
      title: '',
      name: 'zonal',
      area: sampleArea,
      nodes: zonal,
      input: { geometries: zones() },
    };
    await compare(values, workflow);
    const plain = (await world.run(
      { ...zonal, end: node('constant', { x: from('zones') }, true) },
      false,
    )) as Cube;
    expect(differing(await readValues(plain), values)).toBe(0);
    for (const format of ['GeoJSON', 'CSV']) {
      const saved = node('save_result', { data: from('zones'), format }, true);
      const result = (await world.run({ ...zonal, saved }, true)) as SavedResult;
      expect(result).toBeInstanceOf(SavedResult);
      const { body } = await encodeResult(result, { formats: outputFormats, signal, maxPixels: 1e7 });
      const text = String(body instanceof Uint8Array ? Buffer.from(body) : await buffer(body));
      const numbers = (text.match(/-?\d+\.\d+(?:e-?\d+)?/g) ?? []).map(Number);
      for (const value of values)
        expect(numbers.some((number) => Math.abs(number - value) < 1e-6 * Math.abs(value))).toBe(true);
    }
  }, 120_000);

  test('four tiles of 256 pixels are one of 512, with a kernel over an index', async () => {
    const { nodes } = { nodes: { load: load(sampleArea, ['B04', 'B08']), ndvi: ndviOf('load') } };
    const cube = (await world.run(
      {
        ...nodes,
        median: overTime('ndvi', 'median', false),
        smooth: node('apply_kernel', { data: from('median'), kernel, factor, border: 'reflect' }, true),
      },
      true,
    )) as Cube;
    const mercator = tileMatrixSet('WebMercatorQuad')!;
    const { z, x, y } = mercator.tileAt(11.3305, 47.7565, 13);
    const one = await readInChunks(cube, mercator.grid({ z, x, y }, 512), 100_000);
    expect(one.some((value) => !Number.isNaN(value))).toBe(true);
    for (const [dx, dy] of [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ]) {
      const tile = { z: z + 1, x: 2 * x + dx, y: 2 * y + dy };
      const quarter = await readInChunks(cube, mercator.grid(tile, 256), 100_000);
      const cut = quarter.map((_, i) => one[(dy * 256 + Math.floor(i / 256)) * 512 + dx * 256 + (i % 256)]);
      expect([dx, dy, differing(quarter, cut, 0)]).toEqual([dx, dy, 0]);
    }
  }, 120_000);
});

describeWith(sharedFolder, 'the imagery beside the repository', 'workflows on a real scene', () => {
  test.each(ofBolzano.map((workflow) => [workflow.title, workflow] as const))(
    '%s',
    (_, workflow) => check(workflow),
    300_000,
  );
});
