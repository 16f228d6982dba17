import { ProcessException } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import type { Cube, Dimension } from '../../raster/cube';
import { fromWkt } from '../../raster/formats/input/wkt';
import { addSingleLabel } from '../../raster/single-label';
import { dimensionsOfType, refuseDimension } from './cube-dimensions';

/** @throws ProcessException `DimensionExists` where x, y and z are all taken */
function freeAxis(cube: Cube): 'x' | 'y' | 'z' {
  const taken = new Set(dimensionsOfType(cube, 'spatial').map(({ axis }) => axis));
  const axis = (['x', 'y', 'z'] as const).find((candidate) => !taken.has(candidate));
  if (!axis)
    throw new ProcessException(
      'DimensionExists',
      'The cube has spatial dimensions for all of the axes x, y and z.',
    );
  return axis;
}

function create(cube: Cube, name: string, label: number | string, type: Dimension['type']): Dimension {
  if (type === 'spatial') return { type, name, axis: freeAxis(cube), labels: [label] };
  if (type === 'bands') return { type, name, labels: [label], bands: [{ name: String(label) }] };
  // Geometries can be written as well-known text.
  if (type === 'geometry')
    return { type, name, labels: [typeof label === 'string' ? (fromWkt(label) ?? label) : label] };
  return { type, name, labels: [label] };
}

export function run(args: Arguments): Cube {
  const cube = args.data as Cube;
  const name = args.name as string;
  refuseDimension(cube, name);
  return addSingleLabel(
    cube,
    create(cube, name, args.label as number | string, args.type as Dimension['type']),
  );
}
