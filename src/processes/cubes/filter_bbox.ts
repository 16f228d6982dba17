import { createPace } from '../../base/pace';
import { unionBounds } from '../../geo/grid';
import type { Bounds } from '../../geo/types';
import type { Arguments } from '../../graph/types';
import { cropCube } from '../../raster/crop';
import { type Cube, gridBounds } from '../../raster/cube';
import { allIndices } from '../../raster/layers';
import { selectLabels } from '../../raster/select-labels';
import {
  type Geometry,
  geometryBounds,
  geometryDimension,
  isEmptyGeometry,
} from '../../raster/vector/geometry';
import { openTopology } from '../../raster/vector/topology';
import type { ProcessContext } from '../context';
import { type BoundingBox, boxesIn, type ParsedBox, parseBox } from './bounding-box';
import { requireGrid } from './cube-dimensions';
import { computing, readGeometries } from './geometry-argument';

const process = 'filter_bbox';

/** Limits a vertical dimension to heights between two numbers, both included; null is open. */
function cropHeight(cube: Cube, { base, height }: BoundingBox): Cube {
  if ((base ?? null) === null && (height ?? null) === null) return cube;
  const vertical = cube.dimensions.find(
    (dimension) => dimension.type === 'spatial' && dimension.axis === 'z',
  );
  const labels = vertical?.labels;
  if (!labels) return cube;
  const [low, high] = [base ?? Number.NEGATIVE_INFINITY, height ?? Number.POSITIVE_INFINITY];
  return selectLabels(
    cube,
    vertical.name,
    allIndices(labels.length).filter(
      (index) => Number(labels[index]) >= low && Number(labels[index]) <= high,
    ),
  );
}

/** Limits a vector cube to the geometries that lie within the box, whose side alone no geometry lies within. */
async function filterGeometries(cube: Cube, box: ParsedBox, signal: AbortSignal): Promise<Cube> {
  const { dimension, geometries, crs } = readGeometries(cube, process, 'data');
  const topology = await openTopology();
  const all = geometries.flatMap((geometry) => geometryBounds(geometry) ?? []);
  const boxes = all.length > 0 ? boxesIn(box, crs, all.reduce(unionBounds)) : [];
  if (boxes.length === 0) return selectLabels(cube, dimension.name, []);
  const contains = computing(process, 'extent', () => topology.relationTo(boxes.map(rectangle), 'contains'));
  const rest = createPace(signal);
  const kept: number[] = [];
  for (const [index, geometry] of geometries.entries()) {
    await rest();
    if (geometry === null || isEmptyGeometry(geometry)) continue;
    if (computing(process, 'data', () => contains(geometry), index)) kept.push(index);
  }
  return selectLabels(cube, dimension.name, kept);
}

function rectangle({ west, south, east, north }: Bounds): Geometry {
  const corners = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
  return { type: 'Polygon', coordinates: [corners] };
}

export async function run(args: Arguments, { signal }: Pick<ProcessContext, 'signal'>): Promise<Cube> {
  const cube = args.data as Cube;
  const extent = args.extent as BoundingBox;
  const box = parseBox(extent, process, 'extent');
  if (!cube.grid && geometryDimension(cube)) return await filterGeometries(cube, box, signal);
  const grid = requireGrid(cube, process, 'data');
  return cropHeight(cropCube(cube, boxesIn(box, grid.crs, gridBounds(grid))), extent);
}
