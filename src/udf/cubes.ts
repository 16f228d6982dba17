import { OpenEOError } from '../base/errors';
import {
  type Cube,
  type DataType,
  type Dimension,
  isCube,
  layerDimensions,
  type NumericArray,
} from '../raster/cube';
import { withGrid, withLabels } from '../raster/labelled-view';
import { product } from '../raster/layers';
import { memoryCube } from '../raster/memory-cube';
import { UdfCube } from './values';

const types = ['spatial', 'temporal', 'bands', 'geometry', 'other'];

function failed(reason: string): OpenEOError {
  return new OpenEOError('UdfFailed', { reason });
}

/**
 * All values of a cube for a UDF, with coordinates as the labels of x and y.
 * @throws OpenEOError `UdfLimitExceeded` where they do not fit into the sandbox twice
 */
export async function readForUdf(input: Cube, memoryBytes: number, signal: AbortSignal): Promise<UdfCube> {
  const cube = withLabels(input);
  const count = product(cube.dimensions.map(({ labels }) => labels?.length ?? 0));
  const bytes = count * (cube.dataType === 'text' ? 32 : 8);
  if (bytes * 2 > memoryBytes)
    throw new OpenEOError('UdfLimitExceeded', {
      reason:
        `a cube of ${count.toLocaleString('en')} values does not fit into its memory. Call it inside ` +
        'apply_neighborhood, apply_dimension or reduce_dimension, where it gets the values piece by piece.',
    });
  const { data, valid } = await cube.read({}, signal);
  return new UdfCube(cube.dimensions.map(describe), data, valid);
}

function describe(dimension: Dimension): Readonly<Record<string, unknown>> {
  return {
    name: dimension.name,
    type: dimension.type,
    ...(dimension.type === 'spatial' && { axis: dimension.axis }),
    labels: dimension.labels,
    ...('referenceSystem' in dimension &&
      dimension.referenceSystem !== undefined && { reference_system: dimension.referenceSystem }),
  };
}

/** A cube that a UDF returned. @throws OpenEOError `UdfFailed` for one that is none */
export function cubeFromUdf({ dimensions: given, values, valid }: UdfCube, input: unknown): Cube {
  const source = isCube(input) ? withLabels(input) : undefined;
  const dimensions = given.map((dimension) => checkDimension(dimension, source));
  const names = dimensions.map(({ name }) => name);
  if (new Set(names).size < names.length) throw failed('its cube has two dimensions of the same name.');
  const count = product(dimensions.map(({ labels }) => labels?.length ?? 0));
  if (values.length !== count)
    throw failed(`its cube has ${values.length} values, but the labels of its dimensions make ${count}.`);
  const flags = valid === undefined ? undefined : Uint8Array.from(valid as ArrayLike<number>, Number);
  if (flags && flags.length !== count) throw failed('"valid" of its cube has another length than "values".');
  const cube = memoryCube({
    dimensions,
    shape: dimensions.map(({ labels }) => labels?.length ?? 0),
    ...store(values, flags),
  });
  const grid = isCube(input)
    ? input.grid && sameAxes(dimensions, source)
      ? input.grid
      : undefined
    : undefined;
  return grid ? withGrid(cube, grid) : cube;
}

/** Whether x and y are what they were in the input. */
function sameAxes(dimensions: readonly Dimension[], source: Cube | undefined): boolean {
  return layerDimensions(source ?? { dimensions: [] })
    .filter((dimension) => dimension.type === 'spatial' && dimension.axis !== 'z')
    .every((dimension) => dimensions.includes(dimension));
}

/** A dimension of the input that the UDF left as it was keeps what only the server knows of it. */
function checkDimension(given: Readonly<Record<string, unknown>>, source: Cube | undefined): Dimension {
  const { name, type = 'other', labels, axis, reference_system: referenceSystem } = given;
  if (typeof name !== 'string' || name === '') throw failed('a dimension of its cube has no name.');
  if (typeof type !== 'string' || !types.includes(type))
    throw failed(`the type of its dimension "${name}" is none of ${types.join(', ')}.`);
  if (!Array.isArray(labels)) throw failed(`its dimension "${name}" has no array of labels.`);
  const known = source?.dimensions.find((dimension) => dimension.name === name && dimension.type === type);
  if (known && JSON.stringify(known.labels) === JSON.stringify(labels)) return known;
  if (type !== 'geometry' && !labels.every((label) => typeof label === 'string' || typeof label === 'number'))
    throw failed(`the labels of its dimension "${name}" are not all texts or numbers.`);
  if (type === 'spatial' && !['x', 'y', 'z'].includes(String(axis)))
    throw failed(`its dimension "${name}" is spatial and needs an axis: x, y or z.`);
  return {
    ...{ type, name, labels },
    ...(type === 'spatial' && { axis }),
    ...(known && 'referenceSystem' in known && { referenceSystem: known.referenceSystem }),
    ...((typeof referenceSystem === 'string' || typeof referenceSystem === 'number') && { referenceSystem }),
  } as Dimension;
}

interface Stored {
  readonly data: NumericArray | unknown[];
  readonly valid?: Uint8Array;
  readonly dataType?: DataType;
  readonly missing?: Cube['missing'];
}

/** Typed arrays keep their type; arrays are numbers, truth values or texts, with null for no-data. */
function store(values: UdfCube['values'], valid: Uint8Array | undefined): Stored {
  if (ArrayBuffer.isView(values)) {
    const data = values as NumericArray;
    const isFloat = data instanceof Float32Array || data instanceof Float64Array;
    return valid ? { data, valid, missing: 'mask' } : { data, missing: isFloat ? 'nan' : 'mask' };
  }
  const items = values as readonly unknown[];
  const found = new Set(items.map((value) => (value === null ? 'null' : typeof value)));
  found.delete('null');
  if (found.size > 1) throw failed(`the values of its cube are of several types: ${[...found].join(', ')}.`);
  const [type = 'number'] = found;
  const flags = valid ?? Uint8Array.from(items, (value) => (value === null ? 0 : 1));
  if (type === 'string') return { data: [...items], valid: flags, dataType: 'text', missing: 'mask' };
  if (type === 'boolean')
    return { data: Uint8Array.from(items, Number), valid: flags, dataType: 'boolean', missing: 'mask' };
  if (type !== 'number') throw failed(`the values of its cube are of type ${type}.`);
  const data = Float64Array.from(items, (value) => (value === null ? Number.NaN : (value as number)));
  return valid ? { data, valid, missing: 'mask' } : { data, missing: 'nan' };
}
