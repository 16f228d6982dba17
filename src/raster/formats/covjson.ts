import { createPace } from '../../base/pace';
import type { Crs, Grid } from '../../geo/types';
import { type Cube, type Dimension, isCube, isHorizontal, layerDimensions } from '../cube';
import { labelCount, product } from '../layers';
import { isMissingAt } from '../missing-values';
import { crsOfGeometries, type Geometry, type GeometryDimension } from '../vector/geometry';
import { instantOf } from './dataset/time';
import { checkSize, layerCount, refuseEmpty } from './layers';
import { type FormatParameters, readOptions } from './options';
import { pickIndex } from './pick';
import type { Encoded, EncodeRequest, OutputFormat } from './types';
import { unsuitable } from './unsuitable';

const parameters = {} as const satisfies FormatParameters;
const file = { mediaType: 'application/prs.coverage+json', extension: '.covjson' } as const;

/** A document of more values is of no use to a reader of JSON, and one string can't hold it. */
const maxValues = 5_000_000;

/** Values that become text together. */
const valuesAtOnce = 65_536;

interface Axis {
  readonly name: string;
  readonly axis: object;
  readonly length: number;
  readonly referencing?: object;
}

function reference(crs: Crs): object {
  const id =
    crs.epsg === 4326
      ? 'http://www.opengis.net/def/crs/OGC/1.3/CRS84'
      : crs.epsg && `http://www.opengis.net/def/crs/EPSG/0/${crs.epsg}`;
  const system = {
    type: crs.isGeographic ? 'GeographicCRS' : 'ProjectedCRS',
    ...(id ? { id } : { description: { en: crs.definition } }),
  };
  return { coordinates: ['x', 'y'], system };
}

function gridAxes(grid: Grid): Axis[] {
  const axis = (start: number, step: number, num: number) =>
    num === 1 ? { values: [start] } : { start, stop: start + (num - 1) * step, num };
  return [
    {
      name: 'y',
      axis: axis(grid.originY - grid.resY / 2, -grid.resY, grid.height),
      length: grid.height,
      referencing: reference(grid.crs),
    },
    { name: 'x', axis: axis(grid.originX + grid.resX / 2, grid.resX, grid.width), length: grid.width },
  ];
}

function geometryAxis(dimension: GeometryDimension): Axis {
  const labels = dimension.labels as readonly (Geometry | null)[];
  const dataType = (['Point', 'Polygon'] as const).find((type) =>
    labels.every((label) => label?.type === type),
  );
  if (!dataType)
    throw unsuitable(
      'CovJSON holds points or polygons, of one kind at a time; save other geometries as GeoJSON.',
    );
  const axis = {
    dataType: dataType === 'Point' ? 'tuple' : 'polygon',
    coordinates: ['x', 'y'],
    values: labels.map((label) => label!.coordinates),
  };
  return {
    name: 'composite',
    axis,
    length: labels.length,
    referencing: reference(crsOfGeometries(dimension)),
  };
}

function layerAxis(dimension: Dimension, taken: ReadonlySet<string>): Axis {
  if (dimension.type === 'geometry') return geometryAxis(dimension);
  const labels = (dimension.labels ?? []) as readonly unknown[];
  const isTime = dimension.type === 'temporal' && labels.every((label) => instantOf(label) !== undefined);
  const wanted = isTime ? 't' : dimension.type === 'spatial' ? dimension.axis : dimension.name;
  const name = taken.has(wanted) ? dimension.name : wanted;
  return {
    name,
    axis: { values: labels },
    length: labels.length,
    ...(isTime && {
      referencing: { coordinates: [name], system: { type: 'TemporalRS', calendar: 'Gregorian' } },
    }),
  };
}

/** The kinds of domain that the standard names, by their axes. */
function domainType(axes: readonly Axis[]): string | undefined {
  const names = new Set(axes.map(({ name }) => name));
  const isOnly = (...allowed: string[]) => [...names].every((name) => allowed.includes(name));
  if (names.has('x') && names.has('y') && isOnly('x', 'y', 'z', 't')) return 'Grid';
  const composite = axes.find(({ name }) => name === 'composite')?.axis as { dataType: string } | undefined;
  if (!composite || !isOnly('composite', 't')) return undefined;
  const kind = composite.dataType === 'tuple' ? 'MultiPoint' : 'MultiPolygon';
  return names.has('t') ? `${kind}Series` : kind;
}

function axesOf(cube: Cube, grid: Grid | undefined, layers: readonly Dimension[]): Axis[] {
  const taken = new Set(grid ? ['x', 'y'] : []);
  const axes: Axis[] = [];
  for (const dimension of layers) {
    const axis = layerAxis(dimension, taken);
    taken.add(axis.name);
    axes.push(axis);
  }
  const horizontal = grid && cube.dimensions.some((dimension) => isHorizontal(cube, dimension));
  return horizontal ? [...axes, ...gridAxes(grid)] : axes;
}

async function encodeCube(cube: Cube, request: EncodeRequest): Promise<Encoded> {
  const grid = cube.grid && (request.grid ?? cube.grid);
  refuseEmpty(cube, grid);
  checkSize(grid ?? { width: 1, height: 1 }, layerCount(cube), Math.min(request.maxPixels, maxValues));
  const layers = layerDimensions(cube);
  const bands = layers.find(({ type }) => type === 'bands');
  const axes = axesOf(
    cube,
    grid,
    layers.filter((dimension) => dimension !== bands),
  );
  const names = bands ? (bands.labels ?? []).map(String) : ['value'];
  const kind = domainType(axes);
  const head = {
    type: 'Coverage',
    domain: {
      type: 'Domain',
      ...(kind && { domainType: kind }),
      axes: Object.fromEntries(axes.map(({ name, axis }) => [name, axis])),
      referencing: axes.flatMap(({ referencing }) => referencing ?? []),
    },
    parameters: Object.fromEntries(
      names.map((name) => [name, { type: 'Parameter', observedProperty: { label: { en: name } } }]),
    ),
  };
  const block = await cube.read({ ...(grid && { grid }) }, request.signal);
  const position = bands ? layers.indexOf(bands) : layers.length;
  const lengths = layers.map(labelCount);
  const pixels = grid ? grid.width * grid.height : 1;
  const outer = product(lengths.slice(0, position));
  const inner = product(lengths.slice(position + 1)) * pixels;
  const shape = [outer, names.length, inner] as const;
  const isInteger = /^u?int/.test(cube.dataType);
  const rest = createPace(request.signal);
  const parts: Buffer[] = [Buffer.from(`${JSON.stringify(head).slice(0, -1)},"ranges":{`)];
  let hasData = false;
  for (const [index, name] of names.entries()) {
    const data = pickIndex(block.data, shape, index);
    const plane = { shape: [], data, valid: block.valid && pickIndex(block.valid, shape, index) };
    const range = {
      type: 'NdArray',
      dataType: cube.dataType === 'text' ? 'string' : isInteger ? 'integer' : 'float',
      axisNames: axes.map((axis) => axis.name),
      shape: axes.map(({ length }) => length),
    };
    const start = `${index ? ',' : ''}${JSON.stringify(name)}:${JSON.stringify(range).slice(0, -1)},"values":[`;
    parts.push(Buffer.from(start));
    for (let from = 0; from < data.length; from += valuesAtOnce) {
      const values: unknown[] = [];
      for (let at = from; at < Math.min(data.length, from + valuesAtOnce); at++) {
        const isMissing = isMissingAt(plane, cube.missing, at);
        hasData ||= !isMissing;
        values.push(isMissing ? null : data[at]);
      }
      parts.push(Buffer.from(`${from ? ',' : ''}${JSON.stringify(values).slice(1, -1)}`));
      await rest();
    }
    parts.push(Buffer.from(']}'));
  }
  parts.push(Buffer.from('}}'));
  return { ...file, body: Buffer.concat(parts), hasData };
}

/** CoverageJSON (OGC 21-069r2). */
export const covjson: OutputFormat = {
  name: 'CovJSON',
  aliases: ['CoverageJSON'],
  title: 'CoverageJSON',
  description:
    'A coverage with a parameter for each band on a grid of pixels, or for points or polygons, for maps and charts in ' +
    `browsers. At most ${maxValues.toLocaleString('en')} values.`,
  holds: 'cubes',
  gisDataTypes: ['raster', 'vector'],
  parameters,
  ...file,
  async encode(data: unknown, request: EncodeRequest): Promise<Encoded> {
    readOptions('CovJSON', parameters, request.options);
    if (!isCube(data)) throw unsuitable('CovJSON holds data cubes; save values that are none as JSON.');
    return await encodeCube(data, request);
  },
};
