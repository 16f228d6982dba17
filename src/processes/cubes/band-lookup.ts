import type { BandInfo, Dimension } from '../../raster/cube';
import { allIndices } from '../../raster/layers';

export type BandsDimension = Extract<Dimension, { type: 'bands' }>;

/** What is known of the bands, one entry per label. */
function bandInfos(dimension: BandsDimension): readonly BandInfo[] {
  return dimension.labels.map((label, index) => dimension.bands?.[index] ?? { name: String(label) });
}

/** The bands that a name stands for: the one of that name, or else all with that common name. */
export function findBands(dimension: BandsDimension, name: string): readonly number[] {
  const byName = dimension.labels.findIndex((label) => String(label) === name);
  if (byName >= 0) return [byName];
  const infos = bandInfos(dimension);
  return allIndices(infos.length).filter((index) => infos[index].commonName === name);
}

/** The bands whose centre wavelength lies in a range, both ends included. */
export function findWavelengths(dimension: BandsDimension, [minimum, maximum]: readonly number[]): number[] {
  const infos = bandInfos(dimension);
  return allIndices(infos.length).filter((index) => {
    const wavelength = infos[index].centerWavelength;
    return wavelength !== undefined && wavelength >= minimum && wavelength <= maximum;
  });
}
