import type { Bounds } from '../../geo/types';
import { type Area, AreaError, checkPlace, type Place } from './areas';

const latitudeNames = ['lat', 'latitude'];
const longitudeNames = ['lon', 'lng', 'longitude'];

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function numberOf(value: Record<string, unknown>, names: readonly string[]): number {
  const name = names.find((candidate) => Object.hasOwn(value, candidate));
  const found = name === undefined ? undefined : value[name];
  return typeof found === 'number' ? found : Number.NaN;
}

/** `{ "lat": …, "lon": … }`, also with the long names, or such an object in `point`. @throws AreaError */
function readPlace(value: unknown, name: string): Place {
  const holder = isObject(value) && isObject(value['point']) ? value['point'] : value;
  if (!isObject(holder)) throw new AreaError(`${name} must be an object with lat and lon.`);
  const place = {
    latitude: numberOf(holder, latitudeNames),
    longitude: numberOf(holder, longitudeNames),
  };
  if (Number.isNaN(place.latitude) || Number.isNaN(place.longitude))
    throw new AreaError(`${name} must be an object with lat and lon in degrees.`);
  checkPlace(place, name);
  return place;
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new AreaError(`${name} must be an array.`);
  return value;
}

function readBox(value: unknown, name: string): Bounds {
  if (!isObject(value)) throw new AreaError(`${name} must be an object with northWest and southEast.`);
  const northWest = readPlace(value['northWest'], `${name}.northWest`);
  const southEast = readPlace(value['southEast'], `${name}.southEast`);
  if (southEast.latitude > northWest.latitude) throw new AreaError(`${name} has its south beyond its north.`);
  return {
    ...{ west: northWest.longitude, north: northWest.latitude },
    ...{ east: southEast.longitude, south: southEast.latitude },
  };
}

/**
 * Reads a flight plan: `{ geofences: { polygons: [{ northWest, southEast }] }, action_points: […] }`. What else is
 * in it is not looked at.
 * @throws AreaError that names the part that is wrong
 */
export function parseFlightPlan(text: string): Area {
  let plan: unknown;
  try {
    plan = JSON.parse(text);
  } catch (error) {
    throw new AreaError(`The flight plan is not JSON: ${(error as Error).message}`);
  }
  if (!isObject(plan)) throw new AreaError('The flight plan must be an object.');
  const { geofences, action_points: points } = plan;
  if (geofences !== undefined && geofences !== null && !isObject(geofences))
    throw new AreaError('geofences must be an object.');
  const polygons = isObject(geofences) ? geofences['polygons'] : undefined;
  const boxes = listOf(polygons, 'geofences.polygons').map((value, index) =>
    readBox(value, `geofences.polygons[${index}]`),
  );
  const places = listOf(points, 'action_points').map((value, index) =>
    readPlace(value, `action_points[${index}]`),
  );
  if (boxes.length + places.length === 0)
    throw new AreaError('The flight plan has neither polygons in its geofences nor action_points.');
  return { boxes, places };
}
