import { wktOf } from '../../../geo/crs';
import { projParameters } from '../../../geo/proj-string';
import type { Crs, Grid } from '../../../geo/types';
import type { Attributes } from './model';

type Parameters = ReadonlyMap<string, string>;

const number = (parameters: Parameters, name: string, otherwise = 0) =>
  Number(parameters.get(name) ?? otherwise);

const falseOrigin = (parameters: Parameters): Attributes => ({
  false_easting: number(parameters, 'x_0'),
  false_northing: number(parameters, 'y_0'),
});

function transverseMercator(parameters: Parameters): Attributes {
  if (parameters.get('proj') === 'utm') {
    return {
      latitude_of_projection_origin: 0,
      longitude_of_central_meridian: number(parameters, 'zone') * 6 - 183,
      scale_factor_at_central_meridian: 0.9996,
      false_easting: 500000,
      false_northing: parameters.has('south') ? 10000000 : 0,
    };
  }
  return {
    latitude_of_projection_origin: number(parameters, 'lat_0'),
    longitude_of_central_meridian: number(parameters, 'lon_0'),
    scale_factor_at_central_meridian: number(parameters, 'k', 1),
    ...falseOrigin(parameters),
  };
}

const conic = (parameters: Parameters): Attributes => ({
  standard_parallel: [number(parameters, 'lat_1'), number(parameters, 'lat_2', number(parameters, 'lat_1'))],
  longitude_of_central_meridian: number(parameters, 'lon_0'),
  latitude_of_projection_origin: number(parameters, 'lat_0'),
  ...falseOrigin(parameters),
});

const azimuthal = (parameters: Parameters): Attributes => ({
  longitude_of_projection_origin: number(parameters, 'lon_0'),
  latitude_of_projection_origin: number(parameters, 'lat_0'),
  ...falseOrigin(parameters),
});

/** CF's names of projections and their parameters (CF 1.11, appendix F), by proj's name. */
const mappings: Readonly<Record<string, readonly [name: string, attributes: (p: Parameters) => Attributes]>> =
  {
    longlat: ['latitude_longitude', () => ({})],
    utm: ['transverse_mercator', transverseMercator],
    tmerc: ['transverse_mercator', transverseMercator],
    laea: ['lambert_azimuthal_equal_area', azimuthal],
    aeqd: ['azimuthal_equidistant', azimuthal],
    lcc: ['lambert_conformal_conic', conic],
    aea: ['albers_conical_equal_area', conic],
    sinu: [
      'sinusoidal',
      (parameters) => ({
        longitude_of_projection_origin: number(parameters, 'lon_0'),
        ...falseOrigin(parameters),
      }),
    ],
  };

const unitNames: Readonly<Record<string, string>> = {
  m: 'm',
  km: 'km',
  ft: 'foot',
  'us-ft': 'US_survey_foot',
};

/** Attributes of the coordinate variables of a grid. */
export function axisAttributes(crs: Crs, axis: 'x' | 'y'): Attributes {
  if (crs.isGeographic)
    return axis === 'x'
      ? { standard_name: 'longitude', long_name: 'longitude', units: 'degrees_east', axis: 'X' }
      : { standard_name: 'latitude', long_name: 'latitude', units: 'degrees_north', axis: 'Y' };
  const unit = projParameters(crs.definition).get('units') ?? 'm';
  return {
    standard_name: `projection_${axis}_coordinate`,
    long_name: `${axis} coordinate of projection`,
    units: Object.hasOwn(unitNames, unit) ? unitNames[unit] : unit,
    axis: axis.toUpperCase(),
  };
}

/** How the variable that a `grid_mapping` names describes a reference system, to CF readers and to GDAL. */
export function gridMapping(crs: Crs, grid?: Grid): Attributes {
  const parameters = projParameters(crs.definition);
  const name = parameters.get('proj') ?? '';
  const [mapping, attributes] = Object.hasOwn(mappings, name) ? mappings[name] : [undefined, undefined];
  const wkt = wktOf(crs);
  return {
    ...(mapping && { grid_mapping_name: mapping, ...attributes?.(parameters) }),
    ...(wkt ? { crs_wkt: wkt, spatial_ref: wkt } : { proj4: crs.definition }),
    ...(crs.epsg !== undefined && { epsg_code: `EPSG:${crs.epsg}` }),
    ...(grid && {
      GeoTransform: [grid.originX, grid.resX, 0, grid.originY, 0, -grid.resY].join(' '),
    }),
  };
}
