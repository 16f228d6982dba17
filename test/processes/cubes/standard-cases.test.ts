import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../../../src/base/paths';
import { parseCrs } from '../../../src/geo/crs';
import type { Grid } from '../../../src/geo/types';
import { type Cube, type Dimension, isCube } from '../../../src/raster/cube';
import { labelsOf } from '../../../src/raster/labelled-view';
import { sharedFolder } from '../../support/tools';
import { cubeOf, type Form, readAll, runProcess } from './kit';

const folder = join(sharedFolder ?? '', 'spec', 'openeo-processes', 'tests');
const own = new Set(
  readdirSync(packagePath('src', 'processes', 'cubes'))
    .filter((file) => !file.includes('-'))
    .map((file) => file.replace('.ts', '')),
);

interface JsonCube {
  readonly type: 'datacube';
  readonly data: unknown[] | null;
  readonly nodata?: unknown;
  readonly order?: readonly string[];
  readonly dimensions:
    | Readonly<Record<string, JsonDimension>>
    | readonly (JsonDimension & { readonly name: string })[];
}

interface JsonDimension {
  readonly type: Dimension['type'];
  readonly axis?: 'x' | 'y' | 'z';
  readonly values: readonly (number | string)[];
  readonly reference_system?: number | string;
}

interface Case {
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly returns?: unknown;
  readonly throws?: string | boolean;
  readonly delta?: number;
}

/** Cases that contradict the text of the specification: file, position, reason. */
const disputed = new Map([
  [
    'aggregate_temporal_period 3',
    'labels hours like days, and has one plane for the two hours without values',
  ],
  ['aggregate_temporal_period 4', 'labels days as `YYYY-MM-DD-00`, which the description has for hours'],
  ['aggregate_temporal_period 8', 'expects the dimension "t2" to be called "t" afterwards'],
  ['aggregate_temporal_period 9', 'expects the dimension "t2" to be called "t" afterwards'],
  ['reduce_dimension 1', 'refers to nodes by "from_argument", which the API does not know'],
  ['rename_labels 5', 'leaves out the required parameter "target"'],
  ['rename_labels 7', 'leaves out the required parameter "target"'],
  ['apply_dimension 1', 'expects 165 where its cube has the no-data value 255'],
  ['apply_dimension 2', 'names the dimension "bands", which its cube does not have'],
  ['mask_polygon 0', 'expects pixels outside of the polygon to be replaced by "inside": true'],
  ['mask_polygon 1', 'expects pixels outside of the polygon to stay by "inside": false'],
  ['mask_polygon 6', 'expects four values inside of the polygon to stay at one date of one band'],
]);

/** JSON5 is a subset of JavaScript; these files are the standard's own. */
function readJson5(file: string): unknown {
  return new Function(`return (${readFileSync(file, 'utf8')});`)();
}

/** Resolves references to files beside the tests. */
function resolve(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(resolve);
  if (typeof value !== 'object' || value === null) return value;
  const { $ref, type } = value as { $ref?: string; type?: string };
  if ($ref) {
    const file = join(folder, $ref);
    return $ref.endsWith('json5') ? resolve(readJson5(file)) : readFileSync(file, 'utf8');
  }
  if (type === 'nodata') return null;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item)]));
}

function isJsonCube(value: unknown): value is JsonCube {
  return typeof value === 'object' && value !== null && (value as { type?: string }).type === 'datacube';
}

function dimensionsOf(cube: JsonCube): (JsonDimension & { readonly name: string })[] {
  if (Array.isArray(cube.dimensions)) return [...cube.dimensions];
  const byName = cube.dimensions as Readonly<Record<string, JsonDimension>>;
  return (cube.order ?? Object.keys(byName)).map((name) => ({ name, ...byName[name] }));
}

const axisOf = (dimension: JsonDimension & { name: string }) =>
  dimension.axis ?? (dimension.name as 'x' | 'y');

function gridFrom(dimensions: readonly (JsonDimension & { readonly name: string })[]): Grid | undefined {
  const of = (axis: string) =>
    dimensions.find((dimension) => dimension.type === 'spatial' && axisOf(dimension) === axis);
  const [x, y] = [of('x'), of('y')];
  if (!x || !y) return undefined;
  const [xs, ys] = [x.values as number[], y.values as number[]];
  const [resX, resY] = [xs[1] - xs[0], ys[0] - ys[1]];
  return {
    crs: parseCrs(x.reference_system ?? 4326),
    originX: xs[0] - resX / 2,
    originY: ys[0] + resY / 2,
    resX,
    resY,
    width: xs.length,
    height: ys.length,
  };
}

function flatten(data: unknown): unknown[] {
  return Array.isArray(data) ? data.flatMap(flatten) : [data];
}

/** Values in a row, missing ones as null. */
function valuesOf(cube: JsonCube): unknown[] | undefined {
  if (cube.data === null) return undefined;
  const nodata = [cube.nodata ?? null].flat();
  return flatten(cube.data).map((value) =>
    value === null || nodata.some((missing) => Object.is(missing, value)) ? null : value,
  );
}

function toCube(json: JsonCube, form: Form): Cube {
  const described = dimensionsOf(json);
  const grid = gridFrom(described);
  const dimensions = described.map(({ name, type, values, reference_system, ...rest }): Dimension => {
    const axis = axisOf({ name, type, values, ...rest });
    if (type === 'spatial')
      return { type, name, axis, referenceSystem: reference_system, ...(grid ? {} : { labels: values }) };
    return { type, name, labels: values } as Dimension;
  });
  const count = described.reduce((total, { values }) => total * values.length, 1);
  return cubeOf(dimensions, valuesOf(json) ?? new Array(count).fill(0), { form, grid });
}

async function expectCube(actual: unknown, expected: JsonCube, delta: number): Promise<void> {
  if (!isCube(actual)) throw new Error('The result is not a cube');
  const described = dimensionsOf(expected);
  expect(actual.dimensions.map(({ name, type }) => ({ name, type }))).toEqual(
    described.map(({ name, type }) => ({ name, type })),
  );
  described.forEach(({ values }, index) => {
    expect(labelsOf(actual, actual.dimensions[index])).toEqual(values);
  });
  const reference = described.find(({ reference_system: system }) => system !== undefined)?.reference_system;
  if (reference && actual.grid) expect(actual.grid.crs.id).toBe(parseCrs(reference).id);
  const wanted = valuesOf(expected);
  // A cube without dimensions has a single value, which arrays cannot say.
  if (!wanted || (described.length === 0 && wanted.length === 0)) return;
  const values = await readAll(actual);
  expect(values).toHaveLength(wanted.length);
  wanted.forEach((value, i) => {
    if (typeof value !== 'number') expect(values[i]).toEqual(value);
    else expect(Math.abs(Number(values[i] ?? Number.NaN) - value)).toBeLessThanOrEqual(delta);
  });
}

if (!sharedFolder || !existsSync(folder))
  it.skip("the standard's own cases: none found beside the repository or in SHARED_DIR", () => {});
else {
  const files = readdirSync(folder).filter((file) => own.has(file.replace('.json5', '')));
  it('has cases', () => {
    expect(files.length).toBeGreaterThan(5);
  });
  describe.each(files)('%s', (file) => {
    const { id, tests } = readJson5(join(folder, file)) as { id: string; tests: Case[] };
    const cases = tests.map((test, k) => [k, test] as const).filter(([k]) => !disputed.has(`${id} ${k}`));
    describe.each(['nan', 'mask'] as const)('in the %s form', (form) => {
      it.each(cases)('case %i', async (_, test) => {
        const args = Object.fromEntries(
          Object.entries(resolve(test.arguments) as object).map(([name, value]) => [
            name,
            isJsonCube(value) ? toCube(value, form) : value,
          ]),
        );
        let actual: unknown;
        try {
          actual = await runProcess(id, args);
        } catch (error) {
          if (test.throws === undefined) throw error;
          if (typeof test.throws === 'string') expect(error).toMatchObject({ code: test.throws });
          return;
        }
        expect(test).toHaveProperty('returns');
        const expected = resolve(test.returns);
        if (isJsonCube(expected)) await expectCube(actual, expected, test.delta ?? 1e-10);
        else expect(actual).toEqual(expected);
      });
    });
  });
}
