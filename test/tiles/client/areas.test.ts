import fc from 'fast-check';
import type { TileAddress } from '../../../src/geo/types';
import { cellsOfArea, countAreaCells, parseBox, parseZooms } from '../../../src/tiles/client/areas';
import { parseFlightPlan } from '../../../src/tiles/client/flight-plan';

const names = (cells: Iterable<TileAddress>) => [...cells].map(({ z, x, y }) => `${z}/${x}/${y}`);
const boxCells = (box: string, zooms: string) =>
  names(cellsOfArea({ boxes: [parseBox(box)], places: [] }, parseZooms(zooms)));

/** Bounds of a cell in degrees, from the formulas of slippy maps. */
function bounds(z: number, x: number, y: number) {
  const latitude = (row: number) =>
    (Math.atan(Math.sinh(Math.PI * (1 - (2 * row) / 2 ** z))) * 180) / Math.PI;
  const longitude = (column: number) => (column / 2 ** z) * 360 - 180;
  return { west: longitude(x), east: longitude(x + 1), north: latitude(y), south: latitude(y + 1) };
}

describe('7.1 cells of a rectangle', () => {
  test('of several zoom levels, by row', () => {
    expect(boxCells('0.1,0.1,90.1,50', '0-2')).toEqual(['0/0/0', ...['1/1/0'], ...['2/2/1', '2/3/1']]);
  });

  test('a rectangle over the antimeridian has cells at both ends of the map and none between', () => {
    expect(boxCells('170,1,-170,2', '3')).toEqual(['3/7/3', '3/0/3']);
    // Where one cell holds both ends it comes once.
    expect(boxCells('10,1,9,2', '1')).toEqual(['1/0/0', '1/1/0']);
    expect(boxCells('170,1,-170,2', '0')).toEqual(['0/0/0']);
  });

  test('latitudes beyond the map belong to its first and last row', () => {
    expect(boxCells('-180,86,-170,90', '4')).toEqual(['4/0/0']);
    expect(boxCells('-180,-90,-170,-86', '4')).toEqual(['4/0/15']);
    expect(boxCells('-180,-90,180,90', '2')).toHaveLength(16);
    expect(boxCells('180,90,180,90', '2')).toEqual(['2/3/0']);
  });

  test('a point has one cell; an edge between cells does not touch the one beyond', () => {
    expect(boxCells('0,0,0,0', '1')).toHaveLength(1);
    expect(boxCells('-90,0,0,40.9', '2')).toEqual(['2/1/1']);
  });

  test('of random rectangles: exactly the cells that overlap', () => {
    const longitude = fc.double({ min: -180, max: 180, noNaN: true });
    const latitude = fc.double({ min: -85, max: 85, noNaN: true });
    fc.assert(
      fc.property(
        longitude,
        longitude,
        latitude,
        latitude,
        fc.integer({ min: 0, max: 5 }),
        (west, east, a, b, z) => {
          const [south, north] = [Math.min(a, b), Math.max(a, b)];
          fc.pre(Math.abs(east - west) > 1e-6 && north - south > 1e-6);
          const found = new Set(boxCells(`${west},${south},${east},${north}`, String(z)));
          for (let x = 0; x < 2 ** z; x++)
            for (let y = 0; y < 2 ** z; y++) {
              const cell = bounds(z, x, y);
              const isNarrow =
                Math.min(Math.abs(cell.west - east), Math.abs(cell.east - west)) < 1e-6 ||
                Math.min(Math.abs(cell.north - south), Math.abs(cell.south - north)) < 1e-6;
              if (isNarrow) continue;
              const overlapsRows = cell.north > south && cell.south < north;
              const overlapsColumns =
                west <= east ? cell.east > west && cell.west < east : cell.east > west || cell.west < east;
              expect(found.has(`${z}/${x}/${y}`)).toBe(overlapsRows && overlapsColumns);
            }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('cells that several parts share come once', () => {
    const boxes = ['0,0,20,20', '10,10,30,30', '0,0,20,20'].map(parseBox);
    const found = names(cellsOfArea({ boxes, places: [] }, [5]));
    expect(new Set(found).size).toBe(found.length);
    expect(countAreaCells({ boxes, places: [] }, [5])).toBeGreaterThan(found.length);
  });

  test.each(['1,2,3', '1,2,3,x', '1,,3,4', '', '0,0,181,1', '0,-91,1,1', '0,2,1,1', 'NaN,0,1,1'])(
    '%p is refused',
    (text) => {
      expect(() => parseBox(text)).toThrow(/rectangle|latitude|longitude|south/i);
    },
  );

  test.each(['', '31', '5-3', '1.5', 'x', '-1', '3,', '0-99'])('zoom levels %p are refused', (text) => {
    expect(() => parseZooms(text)).toThrow(/no list of zoom levels/);
  });

  test('zoom levels in any order, each once', () => {
    expect(parseZooms('18, 14-16,15')).toEqual([14, 15, 16, 18]);
  });
});

describe('7.1 flight plans', () => {
  test('geofences are rectangles, and action points are seen with what is around them', () => {
    const area = parseFlightPlan(
      JSON.stringify({
        mission: 'anything',
        geofences: {
          polygons: [
            { northWest: { lat: 48.2, lon: 16.3 }, southEast: { lat: 48.1, lon: 16.5 } },
            { northWest: { lat: 1, lon: 179.9 }, southEast: { lat: -1, lon: -179.9 } },
          ],
        },
        action_points: [
          { latitude: 0.1, longitude: 0.1 },
          { point: { lat: 10, lng: 20 }, height: 30 },
        ],
      }),
    );
    expect(area.boxes).toEqual([
      { west: 16.3, south: 48.1, east: 16.5, north: 48.2 },
      { west: 179.9, south: -1, east: -179.9, north: 1 },
    ]);
    expect(area.places).toEqual([
      { latitude: 0.1, longitude: 0.1 },
      { latitude: 10, longitude: 20 },
    ]);
    const around = names(cellsOfArea({ boxes: [], places: [area.places[0]] }, [4]));
    expect(around.sort()).toEqual([7, 8, 9].flatMap((x) => [6, 7, 8].map((y) => `4/${x}/${y}`)).sort());
  });

  test('7.11 around a place at the edge of the map the cells go on at the other end', () => {
    const at = (longitude: number, latitude: number, z: number) =>
      names(cellsOfArea({ boxes: [], places: [{ latitude, longitude }] }, [z])).sort();
    expect(at(-180, 70, 3)).toEqual([
      '3/0/0',
      '3/0/1',
      '3/0/2',
      '3/1/0',
      '3/1/1',
      '3/1/2',
      '3/7/0',
      '3/7/1',
      '3/7/2',
    ]);
    expect(at(180, -89, 3)).toEqual(['3/0/6', '3/0/7', '3/6/6', '3/6/7', '3/7/6', '3/7/7']);
    expect(at(0, 0, 0)).toEqual(['0/0/0']);
    expect(at(0, 0, 1)).toHaveLength(4);
  });

  test.each([
    ['{', /not JSON/],
    ['[]', /must be an object/],
    ['{}', /neither polygons/],
    ['{"geofences": []}', /geofences must be an object/],
    ['{"geofences": {"polygons": [{"northWest": {"lat": 1, "lon": 2}}]}}', /polygons\[0\]\.southEast/],
    ['{"geofences": {"polygons": {}}}', /polygons must be an array/],
    ['{"action_points": [{"lat": "1", "lon": 2}]}', /action_points\[0\] must be an object with lat and lon/],
    ['{"action_points": [{"lat": 91, "lon": 2}]}', /latitude of action_points\[0\]/],
    ['{"action_points": [{"lat": 1, "lon": 2}, null]}', /action_points\[1\]/],
  ])('%s is refused', (text, message) => {
    expect(() => parseFlightPlan(text)).toThrow(message);
  });
});
