import { OpenEOError } from '../../base/errors';
import { createPace } from '../../base/pace';
import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { selectLabels } from '../../raster/select-labels';
import { type Geometry, isEmptyGeometry, reprojectGeometry } from '../../raster/vector/geometry';
import { openTopology, type Relation } from '../../raster/vector/topology';
import type { ProcessContext } from '../context';
import { computing, readGeometries } from './geometry-argument';

const process = 'filter_vector';

/** Values stay lazy: only labels are compared. */
export async function run(args: Arguments, { signal }: Pick<ProcessContext, 'signal'>): Promise<Cube> {
  const topology = await openTopology();
  const { dimension, geometries, crs } = readGeometries(args.data, process, 'data');
  const given = readGeometries(args.geometries, process, 'geometries');
  const base = given.geometries
    .filter((geometry): geometry is Geometry => !isEmptyGeometry(geometry))
    .map((geometry) => reprojectGeometry(geometry, given.crs, crs) as Geometry);
  if (base.length === 0)
    throw new OpenEOError('ProcessParameterInvalid', {
      process,
      parameter: 'geometries',
      reason: 'all of its geometries are empty',
    });
  const relation = args.relation as Relation;
  const isRelated = computing(process, 'geometries', () => topology.relationTo(base, relation));
  const rest = createPace(signal);
  const kept: number[] = [];
  for (const [index, geometry] of geometries.entries()) {
    await rest();
    if (geometry === null || isEmptyGeometry(geometry)) continue;
    if (computing(process, 'data', () => isRelated(geometry), index)) kept.push(index);
  }
  return selectLabels(args.data as Cube, dimension.name, kept);
}
