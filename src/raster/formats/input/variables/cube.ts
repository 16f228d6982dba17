import { CrsError, parseCrs, wgs84 } from '../../../../geo/crs';
import type { Crs } from '../../../../geo/types';
import type { Cube, DataType, Dimension, NumericArray } from '../../../cube';
import type { Geometry } from '../../../geometry';
import { product } from '../../../layers';
import { unsuitable } from '../../unsuitable';
import { assembleCube } from '../assemble';
import { refuseMany } from '../limits';
import { crsParameter } from '../read-all';
import type { LoadRequest } from '../types';
import { fromWkt } from '../wkt';
import { timesOf } from './time';
import type { VariableInfo, VariableReader, VariableValues } from './types';

/** Options that netCDF and Zarr share. */
export interface VariableOptions {
  readonly variables: readonly string[] | null;
  readonly crs: number | string | null;
}

export const variableParameters = {
  variables: {
    type: ['array', 'null'],
    items: { type: 'string' },
    minItems: 1,
    uniqueItems: true,
    default: null,
    description:
      'Variables to load, which have the same dimensions and become bands. Default: all that have the dimensions of ' +
      'the one with the most of them.',
  },
  crs: crsParameter,
} as const;

const axes: Readonly<Record<string, 'x' | 'y' | 'z'>> = {
  x: 'x',
  lon: 'x',
  longitude: 'x',
  projection_x_coordinate: 'x',
  y: 'y',
  lat: 'y',
  latitude: 'y',
  projection_y_coordinate: 'y',
  z: 'z',
  height: 'z',
  altitude: 'z',
  depth: 'z',
};

const own = <T>(table: Readonly<Record<string, T>>, key: string) =>
  Object.hasOwn(table, key) ? table[key] : undefined;

function text(variable: VariableInfo | undefined, name: string): string | undefined {
  const value = variable?.attributes.get(name);
  return typeof value === 'string' ? value : undefined;
}

function number(variable: VariableInfo, name: string): number | undefined {
  const value = variable.attributes.get(name);
  const first: unknown = Array.isArray(value) ? value[0] : value;
  if (typeof first === 'number') return first;
  return first === 'NaN' ? Number.NaN : undefined;
}

/** Variables that say something about others, by the CF conventions. */
function helpers(variables: readonly VariableInfo[]): Set<string> {
  const names = new Set<string>();
  for (const variable of variables) {
    if (variable.dimensions.length === 1 && variable.dimensions[0] === variable.name)
      names.add(variable.name);
    for (const attribute of ['coordinates', 'grid_mapping', 'bounds', 'ancillary_variables'])
      for (const name of (text(variable, attribute) ?? '').split(/[\s:]+/)) names.add(name);
    if (variable.attributes.has('grid_mapping_name') || variable.attributes.has('crs_wkt'))
      names.add(variable.name);
  }
  return names;
}

function chooseVariables(
  variables: readonly VariableInfo[],
  wanted: readonly string[] | null,
): VariableInfo[] {
  const about = helpers(variables);
  const data = variables.filter(({ name, kind }) => kind === 'number' && !about.has(name));
  const list = data.map(({ name }) => name).join(', ') || 'none';
  const chosen = wanted
    ? wanted.map((name) => {
        const found = variables.find((variable) => variable.name === name && variable.kind === 'number');
        if (!found) throw unsuitable(`There is no variable of numbers "${name}"; there are ${list}.`);
        return found;
      })
    : data;
  if (chosen.length === 0) throw unsuitable('The file has no variables of numbers.');
  const most = chosen.reduce((best, each) => (each.dimensions.length > best.dimensions.length ? each : best));
  const indexOf = (variable: VariableInfo) => number(variable, 'band_index') ?? 0;
  if (!wanted) chosen.sort((one, other) => indexOf(one) - indexOf(other));
  const sameShape = ({ dimensions }: VariableInfo) => dimensions.join('\n') === most.dimensions.join('\n');
  if (wanted && !chosen.every(sameShape))
    throw unsuitable('The chosen variables have different dimensions; load them one by one.');
  return chosen.filter(sameShape);
}

/** Where x and y are: the option, what the file says, or longitude and latitude where they are called so. */
function crsOf(
  variables: readonly VariableInfo[],
  chosen: VariableInfo,
  given: Crs | undefined,
): Crs | undefined {
  if (given) return given;
  const mapping =
    variables.find(({ name }) => name === (text(chosen, 'grid_mapping') ?? '').split(/[\s:]+/)[0]) ??
    variables.find(({ attributes }) => attributes.has('crs_wkt') || attributes.has('spatial_ref'));
  for (const attribute of ['epsg_code', 'crs_wkt', 'spatial_ref', 'proj4']) {
    const definition = text(mapping, attribute);
    if (!definition) continue;
    try {
      return parseCrs(definition);
    } catch (error) {
      if (!(error instanceof CrsError)) throw error;
    }
  }
  const isDegrees = chosen.dimensions.some((name) =>
    /^degrees?_?(n|north|e|east)$/i.test(
      text(
        variables.find((other) => other.name === name),
        'units',
      ) ?? '',
    ),
  );
  return isDegrees || text(mapping, 'grid_mapping_name') === 'latitude_longitude' ? wgs84 : undefined;
}

async function dimensionOf(name: string, length: number, reader: VariableReader): Promise<Dimension> {
  const find = (wanted: string) => reader.variables.find((variable) => variable.name === wanted);
  const variable = find(name);
  const values =
    variable && variable.kind !== 'other' && product(variable.shape) === length
      ? await reader.read(name)
      : Float64Array.from({ length }, (_, index) => index);
  const labels: (number | string)[] = Array.from(values as Iterable<number | string>);
  const shapes = find(`${name}_wkt`);
  if (shapes?.kind === 'text' && product(shapes.shape) === length) {
    const geometries = Array.from((await reader.read(shapes.name)) as Iterable<unknown>, (label) =>
      fromWkt(String(label)),
    );
    if (geometries.every((geometry) => geometry !== undefined))
      return {
        type: 'geometry',
        name,
        labels: geometries as (Geometry | null)[],
        features: labels.map((id) => ({ id, properties: null })),
        referenceSystem: text(shapes, 'crs') ?? 4326,
      };
  }
  const axis = own(axes, text(variable, 'standard_name') ?? '') ?? own(axes, name.toLowerCase());
  if (axis && labels.every((label) => typeof label === 'number'))
    return { type: 'spatial', name, axis, labels };
  const times = timesOf(labels, text(variable, 'units'), text(variable, 'calendar'));
  if (times) return { type: 'temporal', name, labels: times };
  const isTime = ['t', 'time', 'date'].includes(name.toLowerCase());
  return { type: isTime ? 'temporal' : 'other', name, labels };
}

/** Bands of our own files have kept their labels; names of variables are more restricted. */
function labelOf(variable: VariableInfo): string {
  return (variable.attributes.has('band_index') && text(variable, 'long_name')) || variable.name;
}

const types = new Set(['uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'float32', 'float64']);

interface Plane {
  readonly data: NumericArray;
  readonly valid?: Uint8Array;
  readonly type: DataType;
}

/** Values with their no-data taken out and their packing undone (CF 8.1). */
function unpack(variable: VariableInfo, raw: VariableValues): Plane {
  const source = raw as NumericArray;
  const scale = number(variable, 'scale_factor') ?? 1;
  const offset = number(variable, 'add_offset') ?? 0;
  const fills = ['_FillValue', 'missing_value']
    .map((name) => number(variable, name))
    .filter((fill) => fill !== undefined && !Number.isNaN(fill));
  const isPacked = scale !== 1 || offset !== 0;
  const type = (types.has(variable.type) && !isPacked ? variable.type : 'float64') as DataType;
  const isFloat = type.startsWith('float');
  const data = isFloat && type !== variable.type ? Float64Array.from(source) : source.slice();
  let valid: Uint8Array | undefined;
  if (fills.length > 0 && !isFloat) valid = new Uint8Array(data.length).fill(1);
  if (fills.length > 0 || isPacked)
    for (let i = 0; i < data.length; i++) {
      const value = source[i];
      if (fills.includes(value)) {
        if (valid) valid[i] = 0;
        else data[i] = Number.NaN;
      } else if (isPacked) data[i] = value * scale + offset;
    }
  return { data, ...(valid && { valid }), type };
}

/** What a value takes: as it is stored, unpacked and in the cube, with its validity. */
const valueBytes = 24;

/**
 * The variables of a file as one cube; those with the same dimensions are its bands.
 * @throws ProcessException `FormatUnsuitable`; OpenEOError `ProcessGraphComplexity`
 */
export async function cubeOfVariables(
  reader: VariableReader,
  wanted: readonly string[] | null,
  {
    maxValues,
    version,
    crs: given,
    claim,
  }: Pick<LoadRequest, 'maxValues' | 'claim'> & { readonly version: string; readonly crs?: Crs },
): Promise<Cube> {
  const chosen = chooseVariables(reader.variables, wanted);
  const [first] = chosen;
  const length = product(first.shape);
  refuseMany(
    length * chosen.length,
    maxValues,
    `A cube of ${chosen.length} variables`,
    'Choose "variables".',
  );
  await claim?.(length * chosen.length * valueBytes);
  const dimensions: Dimension[] = [];
  for (const [axis, name] of first.dimensions.entries())
    dimensions.push(await dimensionOf(name, first.shape[axis], reader));
  const planes: Plane[] = [];
  for (const variable of chosen) planes.push(unpack(variable, await reader.read(variable.name)));
  const type = planes.every((plane) => plane.type === planes[0].type) ? planes[0].type : 'float64';
  const isMasked = planes.some(({ valid }) => valid);
  const data =
    type === 'float64'
      ? new Float64Array(length * planes.length)
      : (new (planes[0].data.constructor as Float64ArrayConstructor)(length * planes.length) as NumericArray);
  const valid = isMasked ? new Uint8Array(data.length).fill(1) : undefined;
  planes.forEach((plane, index) => {
    data.set(plane.data, index * length);
    if (plane.valid) valid?.set(plane.valid, index * length);
    else if (valid && plane.type.startsWith('float'))
      for (let i = 0; i < length; i++) if (Number.isNaN(plane.data[i])) valid[index * length + i] = 0;
  });
  // What has no bands is written as "data" here.
  const hasBands = chosen.length > 1 || first.name !== 'data';
  const bands: Dimension = { type: 'bands', name: 'bands', labels: chosen.map(labelOf) };
  const crs = crsOf(reader.variables, first, given);
  return assembleCube({
    dimensions: [...(hasBands ? [bands] : []), ...dimensions],
    data,
    ...(valid && { valid }),
    dataType: type,
    ...(crs && { crs }),
    version,
  });
}
