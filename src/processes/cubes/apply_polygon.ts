import { OpenEOError, ProcessException } from '../../base/errors';
import { subGrid } from '../../geo/grid';
import type { Crs, Grid } from '../../geo/types';
import type { Arguments } from '../../graph/types';
import { type Block, type Cube, deriveCube, isCube, layerDimensions, type Window } from '../../raster/cube';
import { latticeOver } from '../../raster/lattice';
import { allIndices, blockShape, labelCount, layerLengths, missingBlock, product } from '../../raster/layers';
import { type Geometry, isEmptyGeometry, partsOf } from '../../raster/vector/geometry';
import { geometryPixels, pixelsAround } from '../../raster/vector/geometry-pixels';
import type { ProcessContext } from '../context';
import { BlockMosaic } from './block-mosaic';
import { asCallback } from './cube-callbacks';
import { requireGrid } from './cube-dimensions';
import { readGeometries } from './geometry-argument';
import { maskPolygons } from './polygon-mask';
import type { Replacement } from './replace-values';
import { differenceTo, onGrid } from './sub-cube';
import { rangesLike } from './value-range';

const process = 'apply_polygon';

function invalid(parameter: string, reason: string): OpenEOError {
  return new OpenEOError('ProcessParameterInvalid', { process, parameter, reason });
}

interface Rectangle {
  readonly column: number;
  readonly row: number;
  readonly width: number;
  readonly height: number;
}

function common(one: Rectangle, other: Rectangle): Rectangle | undefined {
  const column = Math.max(one.column, other.column);
  const row = Math.max(one.row, other.row);
  const width = Math.min(one.column + one.width, other.column + other.width) - column;
  const height = Math.min(one.row + one.height, other.row + other.height) - row;
  return width > 0 && height > 0 ? { column, row, width, height } : undefined;
}

/** Rows of a common rectangle that are compared at once. */
const stripRows = 256;

/** @throws ProcessException `GeometriesOverlap` where a pixel is in two of the polygons */
function refuseOverlaps(geometries: readonly Geometry[], crs: Crs, grid: Grid): void {
  const areas = geometries.map((geometry) => pixelsAround(geometry, crs, grid));
  for (let second = 1; second < areas.length; second++)
    for (let first = 0; first < second; first++) {
      const [one, other] = [areas[first], areas[second]];
      const area = one && other && common(one, other);
      for (let row = 0; area && row < area.height; row += stripRows) {
        const height = Math.min(stripRows, area.height - row);
        const strip = subGrid(grid, area.column, area.row + row, area.width, height);
        const [a, b] = [geometries[first], geometries[second]].map((geometry) =>
          insideOf(geometry, crs, strip),
        );
        if (a && b && a.some((flag, pixel) => flag === 1 && b[pixel] === 1))
          throw new ProcessException(
            'GeometriesOverlap',
            `The polygons ${first + 1} and ${second + 1} have pixels in common; every pixel may be in one only.`,
          );
      }
    }
}

/** 1 for the pixels of a grid in a polygon. */
function insideOf(geometry: Geometry, crs: Crs, grid: Grid): Uint8Array | undefined {
  const part = geometryPixels(geometry, crs, grid);
  if (!part) return undefined;
  const inside = new Uint8Array(grid.width * grid.height);
  for (let row = 0; row < part.grid.height; row++)
    inside.set(
      part.inside.subarray(row * part.grid.width, (row + 1) * part.grid.width),
      (part.row + row) * grid.width + part.column,
    );
  return inside;
}

/** The smallest part of a grid with all pixels whose centres are in a polygon; undefined where there are none. */
function extentOf(geometry: Geometry, crs: Crs, grid: Grid): Rectangle | undefined {
  const area = pixelsAround(geometry, crs, grid);
  if (!area) return undefined;
  let [left, right, top, bottom] = [Infinity, -1, Infinity, -1];
  for (let row = 0; row < area.height; row += stripRows) {
    const height = Math.min(stripRows, area.height - row);
    const inside = insideOf(geometry, crs, subGrid(grid, area.column, area.row + row, area.width, height));
    for (let y = 0; inside && y < height; y++) {
      const line = inside.subarray(y * area.width, (y + 1) * area.width);
      const first = line.indexOf(1);
      if (first < 0) continue;
      left = Math.min(left, first);
      right = Math.max(right, line.lastIndexOf(1));
      top = Math.min(top, row + y);
      bottom = Math.max(bottom, row + y);
    }
  }
  if (right < 0) return undefined;
  return {
    column: area.column + left,
    row: area.row + top,
    width: right - left + 1,
    height: bottom - top + 1,
  };
}

/** The standard's text names GeoJSON beside cubes of geometries, its schema does not. */
export const answers = ['geometries'];

/** A pixel gets what the process made of the part of its polygon; pixels in no polygon are missing. */
export async function run(args: Arguments, { signal }: Pick<ProcessContext, 'signal'>): Promise<Cube> {
  const cube = args.data as Cube;
  const native = requireGrid(cube, process, 'data');
  const callback = asCallback(args.process);
  const { geometries: given, crs } = readGeometries(args.geometries, process, 'geometries');
  const geometries = given.filter((geometry): geometry is Geometry => !isEmptyGeometry(geometry));
  if (geometries.length === 0 || geometries.some((geometry) => !geometry.type.endsWith('Polygon')))
    throw invalid('geometries', 'it needs polygons, and nothing else');
  refuseOverlaps(geometries, crs, native);
  const layers = layerDimensions(cube);
  const applied = async (geometry: Geometry, grid: Grid, readSignal: AbortSignal): Promise<Cube> => {
    const input = maskPolygons(onGrid(cube, grid), partsOf(geometry).polygons, {
      replacement: args.mask_value as Replacement,
      crs,
    });
    const output = await callback.call({ data: input, context: args.context ?? null }, readSignal);
    const difference = isCube(output) ? differenceTo(output, input, true) : 'that it is a data cube';
    if (difference) throw invalid('process', `it must keep what it is given, but it changed ${difference}`);
    return output as Cube;
  };
  const [first] = geometries;
  const sampleArea = extentOf(first, crs, native) ?? { column: 0, row: 0, width: 1, height: 1 };
  const { column, row, width, height } = sampleArea;
  // Nothing is read for it: cubes say what they are before their pixels are known.
  const sample = await applied(first, subGrid(native, column, row, width, height), signal);

  const result: Cube = deriveCube(cube, {
    dimensions: rangesLike(cube.dimensions, sample.dimensions),
    dataType: sample.dataType,
    missing: sample.missing,
    locality: sample.locality,
    async read(window: Window, readSignal: AbortSignal): Promise<Block> {
      const grid = window.grid!;
      const lengths = layerLengths(cube, window);
      if (product(blockShape(lengths, window)) === 0) return missingBlock(result, window);
      const lattice = latticeOver(native, grid);
      const mosaic = new BlockMosaic(result, window);
      const inWindow = { column: lattice.column, row: lattice.row, width: grid.width, height: grid.height };
      const places = lengths.map((length) => allIndices(length));
      for (const geometry of geometries) {
        readSignal.throwIfAborted();
        const around = pixelsAround(geometry, crs, lattice.grid);
        if (!around || !common(around, inWindow)) continue;
        const extent = extentOf(geometry, crs, lattice.grid);
        const visible = extent && common(extent, inWindow);
        if (!visible) continue;
        const part = await applied(
          geometry,
          subGrid(lattice.grid, extent.column, extent.row, extent.width, extent.height),
          readSignal,
        );
        const core = subGrid(lattice.grid, visible.column, visible.row, visible.width, visible.height);
        const inside = insideOf(geometry, crs, core);
        if (!inside) continue;
        const select = new Map(
          layers.map((layer) => [
            layer.name,
            window.select?.get(layer.name) ?? allIndices(labelCount(layer)),
          ]),
        );
        const block = await part.read({ grid: core, select }, readSignal);
        const [x, y] = [visible.column - lattice.column, visible.row - lattice.row];
        mosaic.put(block, part.missing, places, x, y, inside);
      }
      return mosaic.block;
    },
  });
  return result;
}
