import { OpenEOError } from '../../base/errors';
import { wgs84 } from '../../geo/crs';
import { partsOf, reprojectGeometry } from '../../raster/vector/geometry';
import type { Polygon } from '../../raster/vector/polygons';
import { readGeometries } from './geometry-argument';

/**
 * The polygons of a vector cube, or of a GeoJSON Polygon, MultiPolygon, Feature or FeatureCollection, in
 * longitudes and latitudes. Empty geometries are left out.
 * @throws OpenEOError `ProcessParameterInvalid` for other geometries, and where no polygon is left.
 */
export function readPolygons(value: unknown, process: string, parameter: string): readonly Polygon[] {
  const { geometries, crs } = readGeometries(value, process, parameter);
  const invalid = (reason: string) =>
    new OpenEOError('ProcessParameterInvalid', { process, parameter, reason });
  const other = geometries.find((geometry) => geometry && !geometry.type.endsWith('Polygon'));
  if (other) throw invalid(`a ${other.type} is no polygon`);
  const polygons = geometries.flatMap(
    (geometry) => partsOf(reprojectGeometry(geometry, crs, wgs84)).polygons,
  );
  if (polygons.length === 0) throw invalid('there is no polygon in it that is not empty');
  return polygons;
}
