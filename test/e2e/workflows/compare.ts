import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../../../src/base/paths';
import { subGrid } from '../../../src/geo/grid';
import type { Grid } from '../../../src/geo/types';
import type { Cube } from '../../../src/raster/cube';
import { sampleCollection } from '../../support/sample';
import { pythonWith, sharedFolder } from '../../support/tools';
import type { Area, Args, Workflow } from './nodes';

/** What numpy made of the workflows, in short: see workflows.py. */
const stored: Readonly<
  Record<string, { readonly length: number; readonly values: readonly (number | null)[] }>
> = JSON.parse(readFileSync(packagePath('test/e2e/workflows/workflows.json'), 'utf8'));

export const bolzano = join(sharedFolder ?? '', 'data', 's2-bolzano', 'collection.json');

const python = pythonWith('numpy', 'rasterio', 'xarray');

async function expected(workflow: string, area: Area, input: Args = {}): Promise<Float64Array> {
  const collection = area.collection === 'TILEGRAPH_SAMPLE' ? await sampleCollection() : bolzano;
  const output = execFileSync(python!, [packagePath('test/e2e/workflows/workflows.py')], {
    input: JSON.stringify({ collection, area, workflow, ...input }),
    maxBuffer: 2 ** 28,
  });
  const values = JSON.parse(output.toString()) as (number | null)[];
  return Float64Array.from(values, (value) => value ?? Number.NaN);
}

/** Part of the values that are not the same: missing in one alone, or further apart than single precision explains. */
export function differing(one: Float64Array, other: Float64Array, tolerance = 2e-5): number {
  expect(one.length).toBe(other.length);
  let count = 0;
  for (let i = 0; i < one.length; i++) {
    const distance = Math.abs(one[i] - other[i]);
    const isSame =
      Number.isNaN(one[i]) || Number.isNaN(other[i])
        ? Number.isNaN(one[i]) === Number.isNaN(other[i])
        : distance <= tolerance * Math.max(1, Math.abs(other[i]));
    if (!isSame) count++;
  }
  return count / one.length;
}

/** The grid of the area, on the pixels of the cube where that has others. */
export function gridOf(cube: Cube, { width, height }: Area): Grid {
  return cube.isGridFixed ? cube.grid! : subGrid(cube.grid!, 0, 0, width, height);
}

/** Values at seven places, as numpy had them: what is compared where there is no Python. */
const places = (length: number) =>
  Array.from({ length: 7 }, (_, i) => Math.floor(((0.31 + i * 0.618) % 1) * length));

/** The values are those of numpy: some of them, and all where there is a Python. */
export async function compare(values: Float64Array, workflow: Workflow, grid?: Grid): Promise<void> {
  const { name, area, input, tolerance } = workflow;
  const known = stored[name];
  expect(values.length).toBe(known.length);
  const some = places(values.length).map((at) => (Number.isNaN(values[at]) ? null : values[at]));
  known.values.forEach((value, i) => {
    if (value === null || some[i] === null) expect(some[i]).toBe(value);
    else expect(some[i]).toBeCloseTo(value, 3);
  });
  if (!python) return;
  const more = grid && { grid: { ...grid, crs: grid.crs.id } };
  expect(differing(values, await expected(name, area, { ...input, ...more }), tolerance)).toBe(0);
}
