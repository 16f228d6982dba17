import { ProcessException } from '../../base/errors';
import { sameCrs } from '../../geo/crs';
import { gridsAligned, gridsEqual, intersectBounds, snappedGrid, unionBounds } from '../../geo/grid';
import type { Grid } from '../../geo/types';
import type { Area } from '../../raster/crop';
import { type Cube, type Dimension, gridBounds, isHorizontal, layerDimensions } from '../../raster/cube';
import { withLabels } from '../../raster/labelled-view';
import {
  crsOfGeometries,
  type Geometry,
  type GeometryDimension,
  geometryDimension,
  partsOf,
} from '../../raster/vector/geometry';
import { broadcastLabels, type LabelUnion, unitedDimension, uniteLabels } from './label-union';

/** How two cubes become one; plain data. */
export interface MergePlan {
  readonly first: Cube;
  readonly second: Cube;
  readonly dimensions: readonly Dimension[];
  /** By name of each dimension of layers. */
  readonly unions: ReadonlyMap<string, LabelUnion>;
  readonly grid?: Grid;
  /** Where each cube counts; absent: everywhere. */
  readonly areas?: { readonly first: Area; readonly second: Area };
  /** Whether any value has labels of both. */
  readonly overlaps: boolean;
}

function hasHorizontal(cube: Cube): boolean {
  return cube.dimensions.some((dimension) => dimension.type === 'spatial' && dimension.axis !== 'z');
}

/** Both with a grid, or both without: x and y stay labels where one of the cubes has no grid for them. */
function alignForms(first: Cube, second: Cube): [Cube, Cube] {
  const needsLabels = (one: Cube, other: Cube) =>
    one.grid !== undefined && !other.grid && hasHorizontal(other);
  return needsLabels(first, second) || needsLabels(second, first)
    ? [withLabels(first), withLabels(second)]
    : [first, second];
}

function checkTypes(first: Cube, second: Cube): void {
  for (const one of first.dimensions) {
    const other = second.dimensions.find((dimension) => dimension.name === one.name);
    const axis = (dimension: Dimension) =>
      dimension.type === 'spatial' ? `spatial ${dimension.axis}` : dimension.type;
    if (other && axis(one) !== axis(other))
      throw new ProcessException(
        'IncompatibleDataCubes',
        `The dimension "${one.name}" is ${axis(one)} in one cube and ${axis(other)} in the other.`,
      );
  }
  checkGeometries(first, second);
  if (!first.grid || !second.grid) return;
  for (const dimension of second.dimensions)
    if (isHorizontal(second, dimension) && !first.dimensions.some((other) => other.name === dimension.name))
      throw new ProcessException(
        'IncompatibleDataCubes',
        `The cubes name their horizontal dimensions differently; rename "${dimension.name}" first.`,
      );
}

/** The kinds of geometries that a dimension has, multi ones and single ones as one. */
function baseTypes(dimension: GeometryDimension): string[] {
  const parts = (dimension.labels as readonly (Geometry | null)[]).map(partsOf);
  const kinds = ['points', 'lines', 'polygons'] as const;
  return kinds.filter((kind) => parts.some((part) => part[kind].length > 0));
}

function checkGeometries(first: Cube, second: Cube): void {
  const [one, other] = [geometryDimension(first), geometryDimension(second)];
  if ((one && !other && hasHorizontal(second)) || (other && !one && hasHorizontal(first)))
    throw new ProcessException(
      'IncompatibleDataCubes',
      'A cube of geometries and a cube of pixels cannot be merged.',
    );
  if (!one || !other) return;
  const [types, others] = [baseTypes(one), baseTypes(other)];
  if (types.length > 0 && others.length > 0 && types.join() !== others.join())
    throw new ProcessException(
      'IncompatibleGeometryTypes',
      `One cube has ${types.join(' and ')}, the other ${others.join(' and ')}; they cannot be merged.`,
    );
  const [crs, otherCrs] = [crsOfGeometries(one), crsOfGeometries(other)];
  if (!sameCrs(crs, otherCrs))
    throw new ProcessException(
      'IncompatibleDataCubes',
      `The geometries are in ${crs.id} and ${otherCrs.id}; bring them together with vector_reproject.`,
    );
}

interface Horizontal {
  readonly grid?: Grid;
  readonly areas?: MergePlan['areas'];
  readonly overlaps: boolean;
}

function mergeGrids(one: Grid | undefined, other: Grid | undefined): Horizontal {
  if (!one || !other) return { grid: one ?? other, overlaps: true };
  if (gridsEqual(one, other)) return { grid: one, overlaps: true };
  const [first, second] = [gridBounds(one), gridBounds(other)];
  const area = { crs: one.crs, boxes: [first] };
  // Other pixels: the second cube is resampled to those of the first, which also says how far it reaches.
  if (!gridsAligned(one, other)) return { grid: one, areas: { first: area, second: area }, overlaps: true };
  if (one.width * one.height === 0) return { grid: other, areas: areasOf(one, other), overlaps: false };
  if (other.width * other.height === 0) return { grid: one, areas: areasOf(one, other), overlaps: false };
  const shared = intersectBounds(first, second);
  return {
    grid: snappedGrid(unionBounds(first, second), one),
    areas: areasOf(one, other),
    overlaps:
      shared !== undefined &&
      shared.east - shared.west > one.resX / 2 &&
      shared.north - shared.south > one.resY / 2,
  };
}

function areasOf(one: Grid, other: Grid): { first: Area; second: Area } {
  const area = (grid: Grid) => ({ crs: grid.crs, boxes: grid.width * grid.height ? [gridBounds(grid)] : [] });
  return { first: area(one), second: area(other) };
}

/** @throws ProcessException `IncompatibleDataCubes`, `IncompatibleGeometryTypes` */
export function planMerge(cube1: Cube, cube2: Cube): MergePlan {
  const [first, second] = alignForms(cube1, cube2);
  checkTypes(first, second);
  const { grid, areas, overlaps } = mergeGrids(first.grid, second.grid);
  const ofFirst = new Map(first.dimensions.map((dimension) => [dimension.name, dimension]));
  const ofSecond = new Map(second.dimensions.map((dimension) => [dimension.name, dimension]));
  // The cube with more dimensions gives their order where it has all of them.
  const base = first.dimensions.every(({ name }) => ofSecond.has(name)) && ofSecond.size > ofFirst.size;
  const names = base
    ? [...ofSecond.keys()]
    : [...ofFirst.keys(), ...[...ofSecond.keys()].filter((name) => !ofFirst.has(name))];
  const unions = new Map<string, LabelUnion>();
  const dimensions = names.map((name): Dimension => {
    const [one, other] = [ofFirst.get(name), ofSecond.get(name)];
    const known = (one ?? other)!;
    if (isHorizontal({ grid }, known)) return known;
    if (one && other) {
      const union = uniteLabels(one, other);
      unions.set(name, union);
      return unitedDimension(one, other, union);
    }
    unions.set(name, broadcastLabels(known.labels ?? [], one ? 'first' : 'second'));
    return known;
  });
  return {
    first,
    second,
    dimensions,
    unions,
    grid,
    areas,
    overlaps: overlaps && [...unions.values()].every((union) => union.overlaps),
  };
}

/** Names of the dimensions of layers that a cube of the plan has itself. */
export function ownLayers(cube: Cube): readonly string[] {
  return layerDimensions(cube).map((dimension) => dimension.name);
}
