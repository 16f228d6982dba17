import type { Crs } from '../../../geo/types';
import type { Cube, Dimension } from '../../cube';
import { packValues } from '../../vector/vector-cube';
import { readOptions } from '../options';
import { unsuitable } from '../unsuitable';
import { assembleCube } from './assemble';
import type { Scalar } from './columns';
import { refuseMany, refuseManyDimensions } from './limits';
import { jsonOf, readAll, readCrs } from './read-all';
import type { InputFile, InputFormat, LoadRequest } from './types';
import { contentVersion } from './version';

const parameters = {} as const;

const maxBytes = 32 << 20;

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ['number', 'string', 'boolean'].includes(typeof value);
}

function dimensionOf(name: string, value: unknown): { dimension: Dimension; crs?: Crs } {
  const { type, values, axis, reference_system: reference } = isObject(value) ? value : ({} as Json);
  if (!Array.isArray(values)) throw unsuitable(`The dimension "${name}" has no "values".`);
  if (type === 'geometry')
    return {
      dimension: { type, name, labels: values, referenceSystem: (reference ?? 4326) as number | string },
    };
  if (!values.every((label) => typeof label === 'number' || typeof label === 'string'))
    throw unsuitable(`The labels of "${name}" are neither numbers nor texts.`);
  if (type === 'spatial') {
    if (axis !== 'x' && axis !== 'y' && axis !== 'z')
      throw unsuitable(`The dimension "${name}" is spatial without an "axis".`);
    const crs = axis === 'z' ? undefined : readCrs(reference);
    return { dimension: { type, name, axis, labels: values }, ...(crs && { crs }) };
  }
  if (type === 'temporal' || type === 'bands' || type === 'other')
    return { dimension: { type, name, labels: values } };
  throw unsuitable(`The dimension "${name}" has no type that is known here.`);
}

/** Nested arrays as values in a row. @throws ProcessException `FormatUnsuitable` where their lengths do not fit */
function flatten(data: unknown, lengths: readonly number[]): Scalar[] {
  const values: Scalar[] = [];
  const visit = (value: unknown, depth: number): void => {
    if (depth === lengths.length) {
      if (!isScalar(value)) throw unsuitable('"data" is nested more deeply than there are dimensions.');
      values.push(value);
      return;
    }
    if (!Array.isArray(value) || value.length !== lengths[depth])
      throw unsuitable('The arrays in "data" do not have the lengths of the dimensions.');
    for (const item of value) visit(item, depth + 1);
  };
  visit(data, 0);
  return values;
}

function cubeOfJson(json: unknown, version: string, request: LoadRequest): Cube {
  const { type, dimensions, order, data } = isObject(json) ? json : ({} as Json);
  if (type !== 'datacube' || !isObject(dimensions) || !Array.isArray(order))
    throw unsuitable(
      'JSON is loaded as it is saved: an object of the type "datacube" with "dimensions", "order" and "data". ' +
        'For GeoJSON name that format.',
    );
  refuseManyDimensions(order.length);
  if (new Set(order).size < order.length) throw unsuitable('"order" names a dimension twice.');
  const found = order.map((name) => {
    if (typeof name !== 'string' || !Object.hasOwn(dimensions, name))
      throw unsuitable('"order" names a dimension that is not described.');
    return dimensionOf(name, dimensions[name]);
  });
  const lengths = found.map(({ dimension }) => dimension.labels?.length ?? 0);
  const total = lengths.reduce((product, length) => product * length, 1);
  refuseMany(total, request.maxValues, 'The cube');
  const crs = found.find((each) => each.crs)?.crs;
  return assembleCube({
    dimensions: found.map(({ dimension }) => dimension),
    ...packValues(flatten(data, lengths)),
    ...(crs && { crs }),
    version,
  });
}

/** The JSON that results here are saved as. */
export const jsonInput: InputFormat = {
  name: 'JSON',
  title: 'JSON',
  description: 'One data cube as "save_result" writes it in JSON, up to 32 MiB.',
  gisDataTypes: ['raster', 'vector', 'table', 'other'],
  parameters,
  apart: { maxBytes, leastBytes: 1 << 18, expansion: 10 },
  async load(files: readonly InputFile[], request: LoadRequest): Promise<Cube> {
    readOptions('JSON', parameters, request.options, request.process);
    if (files.length !== 1) throw unsuitable('JSON is loaded from one file at a time.');
    const contents = await readAll(files, maxBytes);
    return cubeOfJson(jsonOf(contents[0], files[0]), contentVersion(contents, {}), request);
  },
};
