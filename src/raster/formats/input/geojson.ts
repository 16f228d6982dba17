import type { Cube, FeatureInfo } from '../../cube';
import { deriveCube } from '../../cube';
import { parseGeoJson } from '../../vector/geojson';
import { vectorCube } from '../../vector/vector-cube';
import { readOptions } from '../options';
import { unsuitable } from '../unsuitable';
import { jsonOf, readAll } from './read-all';
import type { InputFile, InputFormat, LoadRequest } from './types';
import { contentVersion } from './version';

const parameters = {
  properties: {
    type: 'array',
    items: { type: 'string' },
    uniqueItems: true,
    default: [],
    description: 'Properties that become values on a further dimension "properties", as load_geojson has it.',
  },
} as const;

const maxBytes = 32 << 20;

/** Files of GeoJSON, one after another, as the process `load_geojson` makes them cubes. */
export const geojsonInput: InputFormat = {
  name: 'GeoJSON',
  title: 'GeoJSON',
  description:
    'A vector cube of the geometries of all files (together up to 32 MiB), with identifiers and properties beside them.',
  gisDataTypes: ['vector'],
  parameters,
  apart: { maxBytes, leastBytes: 1 << 18, expansion: 10 },
  async load(files: readonly InputFile[], request: LoadRequest): Promise<Cube> {
    const options = readOptions<{ properties: readonly string[] }>(
      'GeoJSON',
      parameters,
      request.options,
      request.process,
    );
    const contents = await readAll(files, maxBytes);
    const parts = files.map((file, index) =>
      parseGeoJson(jsonOf(contents[index], file), (reason) =>
        unsuitable(`${file.name} is not valid GeoJSON: ${reason}.`),
      ),
    );
    const features = parts.flatMap(
      (part) => part.features ?? part.geometries.map((): FeatureInfo => ({ properties: null })),
    );
    const cube = vectorCube(
      {
        type: 'geometry',
        name: 'geometry',
        labels: parts.flatMap(({ geometries }) => geometries),
        features,
        referenceSystem: 4326,
      },
      options.properties,
    );
    return deriveCube(cube, { dataVersion: contentVersion(contents, options) });
  },
};
