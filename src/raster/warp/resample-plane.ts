import type { Resampling } from '../source';
import { aggregateWith, areaReach, statisticOf } from './aggregate';
import type { Cell } from './cell';
import { filters } from './filters';
import { filterReach, interpolateWith } from './interpolate';
import type { Mapping } from './mapping';
import { sampleNear } from './near';
import type { Missing, Output, Patch } from './patch';

/** How far a method looks from a position in the source, in source pixels. */
export function reachOf(resampling: Resampling): (cell: Cell) => readonly [number, number] {
  if (resampling === 'near') return () => [0, 0];
  if (Object.hasOwn(filters, resampling)) return filterReach(filters[resampling as keyof typeof filters]);
  return areaReach;
}

/** Fills an output with a patch's pixels by any method; see the modules of the methods. */
export function resamplePlane(
  resampling: Resampling,
  mapping: Mapping,
  patch: Patch,
  missing: Missing,
  out: Output,
): void {
  if (resampling === 'near') {
    sampleNear(mapping, patch, missing, out);
    return;
  }
  const statistic = statisticOf(resampling);
  if (statistic) aggregateWith(statistic, mapping, patch, missing, out);
  else interpolateWith(filters[resampling as keyof typeof filters], mapping, patch, missing, out);
}
