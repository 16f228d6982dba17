import { CrsError, parseCrs, wgs84 } from '../../../../geo/crs';
import type { Crs } from '../../../../geo/types';
import type { Dimension } from '../../../cube';
import { product } from '../../../layers';
import type { Geometry } from '../../../vector/geometry';
import { fromWkt } from '../wkt';
import { text } from './attributes';
import { timesOf } from './time';
import type { VariableInfo, VariableReader } from './types';

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

/** Where x and y are: the option, what the file says, or longitude and latitude where they are called so. */
export function crsOf(
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

/** A dimension of a cube, by the values and attributes of the variable that is called like it (CF 4). */
export async function dimensionOf(name: string, length: number, reader: VariableReader): Promise<Dimension> {
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
