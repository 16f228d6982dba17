import { type Cube, type Dimension, isCube, isHorizontal, layerDimensions } from '../../cube';
import { gridLabels } from '../../labelled-view';
import { labelCount, labelText } from '../../layers';
import { crsOfGeometries, type Geometry } from '../../vector/geometry';
import { checkSize, layerCount, refuseEmpty } from '../layers';
import { chooseNodata, type SampleType } from '../samples';
import type { EncodeRequest } from '../types';
import { unsuitable } from '../unsuitable';
import { toWkt } from '../wkt';
import { axisAttributes, gridMapping } from './grid-mapping';
import type { Attributes, Coordinate, Dataset, DataVariable } from './model';
import { createNames } from './names';
import { type DatasetParameters, packingOf } from './parameters';
import { timeValues } from './time';

/** Values of a chunk of cubes without pixels. */
const chunkValues = 1 << 20;

type Names = ReturnType<typeof createNames>;

function plainValues(labels: readonly unknown[]): Coordinate['values'] {
  if (!labels.every((label) => typeof label === 'number')) return labels.map(labelText);
  const isSmall = labels.every((label) => Number.isInteger(label) && Math.abs(label) < 2 ** 31);
  return isSmall ? Int32Array.from(labels) : Float64Array.from(labels);
}

/** The coordinates of one dimension under its name; geometries bring their WKT along. */
function coordinatesOf(cube: Cube, dimension: Dimension, name: string, names: Names): Coordinate[] {
  const labels = dimension.labels ?? [];
  const make = (values: Coordinate['values'], attributes: Attributes = {}): Coordinate => ({
    name,
    dimensions: [name],
    values,
    attributes,
  });
  if (isHorizontal(cube, dimension) && dimension.type === 'spatial') {
    const axis = dimension.axis as 'x' | 'y';
    return [make(Float64Array.from(gridLabels(cube.grid!, axis)), axisAttributes(cube.grid!.crs, axis))];
  }
  if (dimension.type === 'temporal') {
    const times = timeValues(labels);
    if (times) return [make(times.values, { ...times.attributes, axis: 'T' })];
  }
  if (dimension.type === 'spatial')
    return [make(plainValues(labels), { axis: dimension.axis.toUpperCase() })];
  if (dimension.type !== 'geometry') return [make(plainValues(labels))];
  const ids = dimension.features?.map(({ id }, index) => id ?? index);
  const crs = crsOfGeometries(dimension);
  return [
    make(plainValues(ids ?? labels.map((_, index) => index))),
    {
      name: names(`${name}_wkt`),
      dimensions: [name],
      values: labels.map((label) => toWkt(label as Geometry | null)),
      attributes: {
        long_name: 'geometry as well-known text',
        crs: crs.epsg ? `EPSG:${crs.epsg}` : crs.definition,
      },
    },
  ];
}

function variablesOf(bands: Dimension | undefined, shared: Attributes, names: Names): DataVariable[] {
  if (!bands) return [{ name: names('data'), attributes: shared }];
  return (bands.labels ?? []).map((label, index) => {
    const info = bands.type === 'bands' ? bands.bands?.[index] : undefined;
    return {
      name: names(labelText(label)),
      attributes: {
        long_name: labelText(label),
        // Libraries list variables by their names; bands have an order.
        band_index: index,
        ...shared,
        ...(info?.commonName && { common_name: info.commonName }),
        ...(info?.centerWavelength !== undefined && { center_wavelength: info.centerWavelength }),
      },
    };
  });
}

/** Chunks of cubes without pixels: all of the inner dimensions, and as much of the first as fits. */
function plainChunk(lengths: readonly number[]): number[] {
  if (lengths.length === 0) return [];
  const inner = lengths.slice(1).reduce((product, length) => product * length, 1);
  return [
    Math.max(1, Math.min(lengths[0], Math.floor(chunkValues / Math.max(1, inner)))),
    ...lengths.slice(1),
  ];
}

/**
 * A cube as variables, coordinates and attributes of the CF conventions.
 * @throws OpenEOError `ProcessGraphComplexity`; ProcessException `FormatUnsuitable`, `DataCubeEmpty`
 */
export function describeDataset(
  data: unknown,
  request: EncodeRequest,
  format: string,
  options: DatasetParameters,
): Dataset {
  const packing = packingOf(options);
  if (!isCube(data)) throw unsuitable(`${format} holds data cubes; save values that are none as JSON.`);
  if (data.dataType === 'text')
    throw unsuitable(
      `${format} holds numbers and this data cube holds text; save it as JSON, CSV or Parquet.`,
    );
  const grid = data.grid && (request.grid ?? data.grid);
  const cube: Cube = grid ? { ...data, grid } : data;
  refuseEmpty(cube, grid);
  checkSize(grid ?? { width: 1, height: 1 }, layerCount(cube), request.maxPixels);

  const bands = layerDimensions(cube).find(({ type }) => type === 'bands');
  const layers = layerDimensions(cube).filter((dimension) => dimension !== bands);
  const horizontal = (['y', 'x'] as const).flatMap((axis) =>
    cube.dimensions.filter((d) => isHorizontal(cube, d) && d.type === 'spatial' && d.axis === axis),
  );
  const names = createNames();
  const ordered = [...layers, ...horizontal].map((dimension) => ({
    dimension,
    name: names(dimension.name),
    length: isHorizontal(cube, dimension)
      ? dimension.type === 'spatial' && dimension.axis === 'x'
        ? grid!.width
        : grid!.height
      : labelCount(dimension),
  }));
  const coordinates = ordered.flatMap(({ dimension, name }) => coordinatesOf(cube, dimension, name, names));
  const shared: Record<string, string> = {};
  const extra = coordinates.filter(({ name }) => !ordered.some((each) => each.name === name));
  if (extra.length > 0) shared['coordinates'] = extra.map(({ name }) => name).join(' ');
  if (grid) {
    const crs = names('crs');
    shared['grid_mapping'] = crs;
    coordinates.push({
      name: crs,
      dimensions: [],
      values: Int32Array.of(0),
      attributes: gridMapping(grid.crs, grid),
    });
  }
  const own = (cube.dataType === 'boolean' ? 'uint8' : cube.dataType) as SampleType;
  const type = options.data_type === 'auto' ? own : options.data_type;
  const lengths = ordered.map(({ length }) => length);
  return {
    cube: data,
    ...(grid && { grid }),
    dimensions: ordered.map(({ name, length }) => ({ name, length })),
    chunk: grid
      ? [
          ...layers.map(() => 1),
          Math.min(options.chunk_size, grid.height),
          Math.min(options.chunk_size, grid.width),
        ]
      : plainChunk(lengths),
    ...(bands && { bands }),
    variables: variablesOf(bands, shared, names),
    coordinates,
    attributes: { Conventions: 'CF-1.11' },
    type,
    nodata: chooseNodata(type, packing ? null : cube.nodata),
    ...(packing && { packing }),
  };
}
