import { CrsError, parseCrs } from '../../../geo/crs';
import type { Crs } from '../../../geo/types';
import type { Cube, Dimension } from '../../cube';
import { product } from '../../layers';
import { packValues } from '../../vector/vector-cube';
import { instantOf } from '../dataset/time';
import { readOptions } from '../options';
import { unsuitable } from '../unsuitable';
import { assembleCube } from './assemble';
import type { Scalar } from './columns';
import { refuseMany, refuseManyDimensions } from './limits';
import { crsParameter, jsonOf, readAll, readCrs } from './read-all';
import type { InputFile, InputFormat, LoadRequest } from './types';
import { contentVersion } from './version';

const parameters = { crs: crsParameter } as const;

const maxBytes = 32 << 20;

type Json = Readonly<Record<string, unknown>>;

function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function property(object: unknown, name: string): unknown {
  const json = asObject(object);
  return Object.hasOwn(json, name) ? json[name] : undefined;
}

/** An axis of the domain: its labels are made once it is known that there are values for them. */
interface Axis {
  readonly name: string;
  readonly length: number;
  labels(): unknown[];
  /** Of geometries. */
  readonly geometry?: 'Point' | 'Polygon';
}

function axisOf(name: string, axis: unknown): Axis {
  const [values, start, stop, num] = ['values', 'start', 'stop', 'num'].map((key) => property(axis, key));
  const dataType = property(axis, 'dataType');
  if (Array.isArray(values)) {
    if (dataType === undefined || dataType === 'primitive')
      return { name, length: values.length, labels: () => values };
    const coordinates = property(axis, 'coordinates');
    const isPlaces = Array.isArray(coordinates) && /^x,y(,z)?$/.test(coordinates.join());
    if (!isPlaces || (dataType !== 'tuple' && dataType !== 'polygon'))
      throw unsuitable(`The axis "${name}" has values that are neither points nor polygons of x and y.`);
    const geometry = dataType === 'tuple' ? 'Point' : 'Polygon';
    const labels = () => values.map((place) => ({ type: geometry, coordinates: place as unknown }));
    return { name, length: values.length, labels, geometry };
  }
  if (typeof start !== 'number' || typeof stop !== 'number' || !Number.isInteger(num) || Number(num) < 1)
    throw unsuitable(`The axis "${name}" has neither "values" nor "start", "stop" and "num".`);
  const length = Number(num);
  const step = length > 1 ? (stop - start) / (length - 1) : 0;
  return { name, length, labels: () => Array.from({ length }, (_, index) => start + index * step) };
}

/** How axes are to be understood: where x and y are, and which of them is time. */
interface Referencing {
  readonly crs?: Crs;
  readonly times: ReadonlySet<unknown>;
}

function referencingOf(domain: unknown): Referencing {
  const entries = property(domain, 'referencing');
  const times = new Set<unknown>();
  let crs: Crs | undefined;
  for (const entry of Array.isArray(entries) ? entries : []) {
    const coordinates = property(entry, 'coordinates');
    const system = property(entry, 'system');
    if (!Array.isArray(coordinates)) continue;
    if (property(system, 'type') === 'TemporalRS') times.add(coordinates[0]);
    else if (coordinates.includes('x')) crs = crsOf(system);
  }
  return { times, ...(crs && { crs }) };
}

/** By its identifier; what has none is described in the form that results here have. */
function crsOf(system: unknown): Crs | undefined {
  const description = property(property(system, 'description'), 'en');
  const definition = property(system, 'id') ?? description;
  if (typeof definition !== 'string') return undefined;
  try {
    return parseCrs(definition);
  } catch (error) {
    if (error instanceof CrsError) return undefined;
    throw error;
  }
}

function dimensionOf(axis: Axis, { crs, times }: Referencing): Dimension {
  const { name, geometry } = axis;
  const labels = axis.labels();
  if (geometry)
    return {
      type: 'geometry',
      name: name === 'composite' ? 'geometry' : name,
      labels,
      referenceSystem: crs?.epsg ?? crs?.definition ?? 4326,
    };
  if (!labels.every((label) => typeof label === 'number' || typeof label === 'string'))
    throw unsuitable(`The values of the axis "${name}" are neither numbers nor texts.`);
  const isSpatial = name === 'x' || name === 'y' || name === 'z';
  if (isSpatial && labels.every((label) => typeof label === 'number'))
    return { type: 'spatial', name, axis: name, labels };
  const isTime = times.has(name) || (name === 't' && labels.every((label) => instantOf(label) !== undefined));
  return { type: isTime ? 'temporal' : 'other', name, labels };
}

/** The values of a parameter, and the axes that they lie along. */
function rangeOf(
  name: string,
  range: unknown,
): { readonly axes: readonly string[]; readonly values: Scalar[] } {
  const [type, axes, shape, values] = ['type', 'axisNames', 'shape', 'values'].map((key) =>
    property(range, key),
  );
  if (type !== 'NdArray' || !Array.isArray(values))
    throw unsuitable(`The values of "${name}" are not in the file as an "NdArray".`);
  const lengths = Array.isArray(shape) ? shape.map(Number) : [];
  const names = Array.isArray(axes) ? axes.map(String) : [];
  refuseManyDimensions(names.length);
  if (
    names.length !== lengths.length ||
    new Set(names).size < names.length ||
    product(lengths) !== values.length
  )
    throw unsuitable(`"axisNames", "shape" and "values" of "${name}" do not fit together.`);
  if (!values.every((value) => value === null || ['number', 'string', 'boolean'].includes(typeof value)))
    throw unsuitable(`The values of "${name}" are neither numbers nor texts.`);
  return { axes: names.map((axis, index) => `${axis} ${lengths[index]}`), values: values as Scalar[] };
}

function cubeOfCoverage(json: unknown, given: Crs | undefined, version: string, request: LoadRequest): Cube {
  const domain = property(json, 'domain');
  if (property(json, 'type') !== 'Coverage' || property(domain, 'type') !== 'Domain')
    throw unsuitable('CoverageJSON is loaded from an object of the type "Coverage" with its domain in it.');
  const axes = Object.entries(asObject(property(domain, 'axes'))).map(([name, axis]) => axisOf(name, axis));
  const ranges = Object.entries(asObject(property(json, 'ranges'))).map(
    ([name, range]) => [name, rangeOf(name, range)] as const,
  );
  const [first] = ranges;
  if (!first) throw unsuitable('The coverage has no "ranges".');
  refuseMany(first[1].values.length * ranges.length, request.maxValues, 'The coverage');
  if (ranges.some(([, { axes: own }]) => own.join('\n') !== first[1].axes.join('\n')))
    throw unsuitable('The ranges of the coverage lie along different axes.');
  // Axes of one label need not be named by ranges.
  const single = axes.filter(({ name, length }) => length === 1 && !first[1].axes.includes(`${name} 1`));
  const along = first[1].axes.map((text) => axes.find(({ name, length }) => `${name} ${length}` === text));
  if (single.length + along.length !== axes.length || along.includes(undefined))
    throw unsuitable('The ranges of the coverage do not have the axes of its domain.');
  const referencing = referencingOf(domain);
  const crs = given ?? referencing.crs;
  const names = ranges.map(([name]) => name);
  const hasBands = names.length > 1 || names[0] !== 'value';
  return assembleCube({
    dimensions: [
      ...(hasBands ? [{ type: 'bands' as const, name: 'bands', labels: names }] : []),
      ...[...single, ...(along as Axis[])].map((axis) =>
        dimensionOf(axis, { times: referencing.times, ...(crs && { crs }) }),
      ),
    ],
    ...packValues(ranges.flatMap(([, { values }]) => values)),
    ...(crs && { crs }),
    version,
  });
}

/** CoverageJSON (OGC 21-069r2): coverages whose values are in the document. */
export const covjsonInput: InputFormat = {
  name: 'CovJSON',
  aliases: ['CoverageJSON'],
  title: 'CoverageJSON',
  description:
    'One coverage on a grid, or for points or polygons, up to 32 MiB, with its domain and values in the document; its ' +
    'parameters become bands.',
  gisDataTypes: ['raster', 'vector'],
  parameters,
  apart: { maxBytes, leastBytes: 1 << 18, expansion: 10 },
  async load(files: readonly InputFile[], request: LoadRequest): Promise<Cube> {
    const options = readOptions<{ crs: number | string | null }>(
      'CovJSON',
      parameters,
      request.options,
      request.process,
    );
    if (files.length !== 1) throw unsuitable('CoverageJSON is loaded from one file at a time.');
    const crs = readCrs(options.crs);
    const contents = await readAll(files, maxBytes);
    return cubeOfCoverage(jsonOf(contents[0], files[0]), crs, contentVersion(contents, options), request);
  },
};
