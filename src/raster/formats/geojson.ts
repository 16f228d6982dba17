import { OpenEOError } from '../../base/errors';
import { createPace } from '../../base/pace';
import { wgs84 } from '../../geo/crs';
import { type Cube, isCube } from '../cube';
import { forEachIndex, labelCount, labelText, strides } from '../layers';
import { isMissingAt } from '../missing-values';
import { crsOfGeometries, type Geometry, geometryDimension, reprojectGeometry } from '../vector/geometry';
import { checkSize, layerCount } from './layers';
import { type FormatParameters, readOptions } from './options';
import type { Encoded, EncodeRequest, OutputFormat } from './types';

const parameters = {
  separator: {
    type: 'string',
    minLength: 1,
    default: '~',
    description: 'What is put between labels where a name of a property is made of several.',
  },
} as const satisfies FormatParameters;

const file = { mediaType: 'application/geo+json', extension: '.geojson' } as const;

/** One text has to hold it. */
const maxValues = 5_000_000;
/** Features that are written before others may be served. */
const featuresAtOnce = 256;

/** Names of the values of a geometry, in C order of the other dimensions: their labels, or `value`. */
function namesOf(others: Cube['dimensions'], separator: string): string[] {
  const names: string[] = [];
  forEachIndex(others.map(labelCount), (index) => {
    names.push(index.map((at, axis) => labelText(others[axis].labels?.[at])).join(separator) || 'value');
  });
  return names;
}

async function encodeCube(cube: Cube, request: EncodeRequest, separator: string): Promise<Encoded> {
  const zones = geometryDimension(cube);
  if (!zones || cube.grid)
    throw new OpenEOError('ResultNotRenderable', {
      reason: 'GeoJSON holds geometries, but the cube has no dimension of them or has pixels as well.',
    });
  checkSize({ width: 1, height: 1 }, layerCount(cube), Math.min(request.maxPixels, maxValues));
  const block = await cube.read({}, request.signal);
  const position = cube.dimensions.indexOf(zones);
  const steps = strides(cube.dimensions.map(labelCount));
  const others = cube.dimensions.filter((dimension) => dimension !== zones);
  const offsets: number[] = [];
  const otherSteps = steps.filter((_, axis) => axis !== position);
  forEachIndex(others.map(labelCount), (index) => {
    offsets.push(index.reduce((sum, at, axis) => sum + at * otherSteps[axis], 0));
  });
  const names = namesOf(others, separator);
  const from = crsOfGeometries(zones);
  let hasData = false;
  const valueAt = (at: number): unknown => {
    if (isMissingAt(block, cube.missing, at)) return null;
    hasData = true;
    const value: unknown = block.data[at];
    return cube.dataType === 'boolean' && typeof value === 'number' ? value !== 0 : value;
  };
  const isBare = others.length === 0 && cube.dataType !== 'text';
  const labels = zones.labels as readonly (Geometry | null)[];
  const featureAt = (index: number) => {
    const { id, properties } = zones.features?.[index] ?? { properties: null };
    const start = index * steps[position];
    const values = offsets.map((offset, k) => [names[k], valueAt(start + offset)] as const);
    // A cube of nothing but geometries has no values to tell.
    const told = isBare && values.every(([, value]) => value === null) ? [] : values;
    return {
      type: 'Feature',
      ...(id === undefined ? {} : { id }),
      geometry: reprojectGeometry(labels[index], from, wgs84),
      properties: Object.fromEntries([...Object.entries(properties ?? {}), ...told]),
    };
  };
  const pieces = [Buffer.from('{"type":"FeatureCollection","features":[')];
  const rest = createPace(request.signal);
  for (let start = 0; start < labels.length; start += featuresAtOnce) {
    await rest();
    const count = Math.min(featuresAtOnce, labels.length - start);
    const features = Array.from({ length: count }, (_, index) => JSON.stringify(featureAt(start + index)));
    pieces.push(Buffer.from(`${start === 0 ? '' : ','}${features.join()}`));
  }
  const body = Buffer.concat([...pieces, Buffer.from(']}')]);
  return { ...file, body, hasData: hasData || labels.length > 0 };
}

/** GeoJSON of RFC 7946: geometries in WGS 84, one feature each, values as properties. */
export const geojson: OutputFormat = {
  name: 'GeoJSON',
  title: 'GeoJSON',
  description:
    'The geometries of a vector cube as features in WGS 84. Properties are those that the geometries brought along ' +
    'and the values of the cube, named by their labels on the other dimensions, or "value" where there are none.',
  holds: 'geometries',
  gisDataTypes: ['vector'],
  parameters,
  ...file,
  async encode(data: unknown, request: EncodeRequest): Promise<Encoded> {
    const { separator } = readOptions('GeoJSON', parameters, request.options) as { separator: string };
    if (!isCube(data))
      throw new OpenEOError('ResultNotRenderable', { reason: 'GeoJSON holds vector cubes only.' });
    return await encodeCube(data, request, separator);
  },
};
