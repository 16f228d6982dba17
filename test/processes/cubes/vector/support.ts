import { type Cube, defineCube } from '../../../../src/raster/cube';
import { cubeOf, gridOf, runCube, times, x, y } from '../kit';

export const grid = gridOf(4, 3);
export const west = grid.originX;
export const north = grid.originY;

/** A position in pixels of the grid, in its reference system. */
export const at = (column: number, row: number) => [west + column * 10, north - row * 10];
export const box = (left: number, top: number, right: number, bottom: number) => ({
  type: 'Polygon',
  coordinates: [[at(left, top), at(right, top), at(right, bottom), at(left, bottom), at(left, top)]],
});
export const point = (column: number, row: number) => ({ type: 'Point', coordinates: at(column, row) });
export const line = (...positions: [number, number][]) => ({
  type: 'LineString',
  coordinates: positions.map(([column, row]) => at(column, row)),
});

/** A vector cube in the reference system of the grid. */
export async function zones(...geometries: (object | null)[]): Promise<Cube> {
  const features = geometries.map((geometry, index) => ({
    type: 'Feature',
    id: `zone${index}`,
    geometry,
    properties: { number: index },
  }));
  const cube = await runCube('load_geojson', { data: { type: 'FeatureCollection', features } });
  const [dimension] = cube.dimensions;
  return defineCube({ ...cube, dimensions: [{ ...dimension, referenceSystem: 32632 } as typeof dimension] });
}

export const scene = (form: 'nan' | 'mask' = 'mask') =>
  cubeOf(
    [times('2024-01-01', '2024-01-02'), y, x],
    [
      ...Array.from({ length: 12 }, (_, i) => i),
      ...Array.from({ length: 12 }, (_, i) => (i === 5 ? null : i * 10)),
    ],
    { grid, form },
  );
