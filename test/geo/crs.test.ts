import fc from 'fast-check';
import {
  CrsError,
  crsFromWkt,
  parseCrs,
  transformBounds,
  transformer,
  webMercator,
  wgs84,
} from '../../src/geo/crs';

/** Points inside the areas where the systems are used. */
const areas: readonly [epsg: number, west: number, south: number, east: number, north: number][] = [
  [3857, -179, -84, 179, 84],
  [32632, 6, 1, 12, 83],
  [32719, -72, -79, -66, -1],
  [3035, -15, 33, 40, 70],
  [3413, -179, 60, 179, 89],
  [3031, -179, -89, 179, -60],
  [2056, 6, 45.9, 10.4, 47.8],
  [27700, -7, 50, 1.7, 60],
  [31467, 7.5, 47.3, 10.5, 55],
  [5070, -120, 25, -70, 48],
  [2154, -4, 42, 8, 50],
  [28992, 3.5, 51, 7, 53],
];

describe('reference systems', () => {
  test('every way to write a system gives the same one', () => {
    const utm = parseCrs(32632);
    for (const input of [
      '32632',
      'EPSG:32632',
      'epsg:32632',
      'urn:ogc:def:crs:EPSG::32632',
      'http://www.opengis.net/def/crs/EPSG/0/32632',
      { type: 'ProjectedCRS', name: 'x', id: { authority: 'EPSG', code: 32632 } },
    ])
      expect(parseCrs(input)).toBe(utm);
    expect(parseCrs('OGC:CRS84')).toBe(wgs84);
    expect(utm.isGeographic).toBe(false);
    expect(wgs84.isGeographic).toBe(true);
    expect(parseCrs(4258).isGeographic).toBe(true);
  });

  test.each([
    0,
    -5,
    1.5,
    999999,
    4978,
    2048,
    '',
    'nonsense',
    '__proto__',
    'constructor',
    'EPSG:../../../package',
    '+proj=nothing',
    'PROJCS["cut',
    '{"type":',
    {},
    { type: 'ProjectedCRS' },
    Number.NaN,
  ])('%p is refused', (input) => {
    expect(() => parseCrs(input as string)).toThrow(CrsError);
  });

  test('WKT counts its own code, not those of its parts', () => {
    const parts =
      'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]]';
    expect(crsFromWkt(`${parts},AUTHORITY["EPSG","4326"]]`)).toBe(wgs84);
    const own = crsFromWkt(`${parts}]`);
    expect(own.epsg).toBeUndefined();
    expect(own.isGeographic).toBe(true);
    const [x, y] = transformer(own, wgs84).forward(11, 46);
    expect(x).toBeCloseTo(11, 12);
    expect(y).toBeCloseTo(46, 12);
  });

  test('a custom projection in WKT 2 and as a proj string agree', () => {
    const wkt =
      'PROJCRS["custom",BASEGEOGCRS["WGS 84",DATUM["World Geodetic System 1984",ELLIPSOID["WGS 84",6378137,298.257223563,LENGTHUNIT["metre",1]]]],CONVERSION["c",METHOD["Lambert Azimuthal Equal Area"],PARAMETER["Latitude of natural origin",40,ANGLEUNIT["degree",0.0174532925199433]],PARAMETER["Longitude of natural origin",5,ANGLEUNIT["degree",0.0174532925199433]],PARAMETER["False easting",1000,LENGTHUNIT["metre",1]],PARAMETER["False northing",2000,LENGTHUNIT["metre",1]]],CS[Cartesian,2],AXIS["(E)",east],AXIS["(N)",north],LENGTHUNIT["metre",1]]';
    const one = transformer(wgs84, parseCrs(wkt)).forward(7, 43);
    const other = transformer(
      wgs84,
      parseCrs('+proj=laea +lat_0=40 +lon_0=5 +x_0=1000 +y_0=2000 +datum=WGS84 +units=m'),
    ).forward(7, 43);
    expect(one[0]).toBeCloseTo(other[0], 6);
    expect(one[1]).toBeCloseTo(other[1], 6);
  });

  test.each(areas)('EPSG:%i there and back is the same point', (epsg, west, south, east, north) => {
    const { forward, inverse } = transformer(wgs84, parseCrs(epsg));
    fc.assert(
      fc.property(
        fc.double({ min: west, max: east, noNaN: true }),
        fc.double({ min: south, max: north, noNaN: true }),
        (longitude, latitude) => {
          const back = inverse(...forward(longitude, latitude));
          expect(Math.abs(back[0] - longitude)).toBeLessThan(1e-7);
          expect(Math.abs(back[1] - latitude)).toBeLessThan(1e-7);
        },
      ),
    );
  });

  test('what has no image is NaN, not an exception', () => {
    const { forward } = transformer(webMercator, parseCrs(32632));
    for (const point of [forward(Number.NaN, 0), forward(Number.POSITIVE_INFINITY, 1)])
      expect(point).toEqual([Number.NaN, Number.NaN]);
    expect(transformer(wgs84, webMercator).forward(0, 90)[1]).toBeNaN();
  });
});

describe('transformed bounds', () => {
  test('follow bent edges', () => {
    const utm = parseCrs(32632);
    const area = { west: 200000, south: 5000000, east: 800000, north: 5500000 };
    const bounds = transformBounds(area, utm, wgs84);
    // The northern edge bends: its middle reaches further north than its ends.
    expect(bounds.north).toBeCloseTo(transformer(utm, wgs84).forward(500000, 5500000)[1], 4);
  });

  test('contain every point of the area', () => {
    const utm = parseCrs(32633);
    fc.assert(
      fc.property(
        fc.double({ min: 300000, max: 600000, noNaN: true }),
        fc.double({ min: 1000000, max: 8000000, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (west, south, u, v) => {
          const size = 100000;
          const bounds = transformBounds(
            { west, south, east: west + size, north: south + size },
            utm,
            webMercator,
          );
          const [x, y] = transformer(utm, webMercator).forward(west + u * size, south + v * size);
          // Between two edge points the bend may reach a little further.
          expect(x).toBeGreaterThan(bounds.west - 50);
          expect(x).toBeLessThan(bounds.east + 50);
          expect(y).toBeGreaterThan(bounds.south - 50);
          expect(y).toBeLessThan(bounds.north + 50);
        },
      ),
    );
  });

  test('over the antimeridian come out with west beyond east', () => {
    const fiji = transformBounds(
      { west: 700000, south: 8000000, east: 950000, north: 8200000 },
      parseCrs(32760),
      wgs84,
    );
    expect(fiji.west).toBeGreaterThan(178);
    expect(fiji.east).toBeLessThan(-178);
  });

  test('around a pole reach it', () => {
    const area = { west: -1e6, south: -1e6, east: 1e6, north: 1e6 };
    expect(transformBounds(area, parseCrs(3413), wgs84)).toMatchObject({ west: -180, east: 180, north: 90 });
    expect(transformBounds(area, parseCrs(3031), wgs84)).toMatchObject({ west: -180, east: 180, south: -90 });
  });

  test('of the whole world in Web Mercator reach beyond its square', () => {
    const world = transformBounds({ west: -180, south: -90, east: 180, north: 90 }, wgs84, webMercator);
    expect(world.west).toBeCloseTo(-Math.PI * 6378137, 3);
    expect(world.north).toBeGreaterThan(Math.PI * 6378137);
  });

  test('without any image are NaN', () => {
    const nowhere = transformBounds({ west: 0, south: 95, east: 10, north: 99 }, wgs84, webMercator);
    expect(nowhere.west).toBeNaN();
  });
});
