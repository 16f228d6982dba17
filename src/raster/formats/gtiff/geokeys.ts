import type { Crs, Grid } from '../../../geo/types';

/** GeoTIFF's key directory and its parameters (OGC 19-008r4, 7.1.2). */
export interface GeoKeys {
  /** Tag 34735. */
  readonly directory: Uint16Array;
  /** Tag 34737, without the final NUL. */
  readonly ascii: string;
}

const key = {
  modelType: 1024,
  rasterType: 1025,
  geographic: 2048,
  projected: 3072,
  projectedCitation: 3073,
};
const userDefined = 32767;

/**
 * Keys for a reference system: its EPSG code where it has one; otherwise its WKT in the citation, which
 * GDAL and what is built upon it read.
 */
export function geoKeys(crs: Crs): GeoKeys {
  const entries: number[][] = [[key.rasterType, 0, 1, 1]];
  let ascii = '';
  const text = (id: number, value: string) => {
    const written = `${value}|`;
    entries.push([id, 34737, written.length, ascii.length]);
    ascii += written;
  };
  const own = crs.isGeographic ? key.geographic : key.projected;
  if (crs.epsg !== undefined && crs.epsg < userDefined)
    entries.push([key.modelType, 0, 1, crs.isGeographic ? 2 : 1], [own, 0, 1, crs.epsg]);
  else {
    const definition = crs.definition.replace(/[^ -~]/g, '?').replaceAll('|', ' ');
    const isWkt = /^\s*(PROJ|GEOG)/i.test(definition);
    // GDAL looks for this text where the model is user-defined, and takes it before any other key.
    entries.push([key.modelType, 0, 1, isWkt ? userDefined : crs.isGeographic ? 2 : 1]);
    entries.push([own, 0, 1, userDefined]);
    text(key.projectedCitation, isWkt ? `ESRI PE String = ${definition}` : definition);
  }
  entries.sort((a, b) => a[0] - b[0]);
  return { directory: Uint16Array.from([1, 1, 0, entries.length, ...entries.flat()]), ascii };
}

/** Tags 33550 and 33922 of a north-up grid. */
export function gridTags(grid: Grid): { scale: number[]; tiepoint: number[] } {
  return { scale: [grid.resX, grid.resY, 0], tiepoint: [0, 0, 0, grid.originX, grid.originY, 0] };
}
