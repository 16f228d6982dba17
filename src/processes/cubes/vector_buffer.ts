import { createPace } from '../../base/pace';
import type { Arguments } from '../../graph/types';
import { type Cube, deriveCube } from '../../raster/cube';
import { replaceDimension } from '../../raster/select-labels';
import { type Geometry, isEmptyGeometry } from '../../raster/vector/geometry';
import { openTopology } from '../../raster/vector/topology';
import type { ProcessContext } from '../context';
import { computing, readGeometries } from './geometry-argument';
import { requireMeters } from './sampled-points';

const process = 'vector_buffer';

/** Labels change; values and properties stay where they are. */
export async function run(args: Arguments, { signal }: Pick<ProcessContext, 'signal'>): Promise<Cube> {
  const topology = await openTopology();
  const cube = args.geometries as Cube;
  const { dimension, geometries, crs } = readGeometries(cube, process, 'geometries');
  requireMeters(crs);
  const distance = args.distance as number;
  const rest = createPace(signal);
  const labels: (Geometry | null)[] = [];
  for (const [index, geometry] of geometries.entries()) {
    await rest();
    labels.push(
      geometry === null || isEmptyGeometry(geometry)
        ? geometry
        : computing(process, 'geometries', () => topology.buffer(geometry, distance), index),
    );
  }
  return deriveCube(cube, { dimensions: replaceDimension(cube, dimension.name, { ...dimension, labels }) });
}
