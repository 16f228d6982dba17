import { parseCrs, transformer, wgs84 } from '../../src/geo/crs';
import { describeWithRasterio, python } from '../raster/support/gdal';

/** Longitude and latitude inside the area of use, and how close (metres) the coordinates must be. */
const cases: readonly [epsg: number, longitude: number, latitude: number, meters: number][] = [
  [3857, 11.3, 46.5, 1e-4],
  [32633, 12.1, 47.9, 1e-4],
  [32633, 22.5, 60.1, 1e-3],
  [32719, -70.1, -33.4, 1e-4],
  [3035, 2.3, 48.8, 1e-3],
  [3413, -45.5, 75.2, 1e-3],
  [3031, 100.5, -75.2, 1e-3],
  [2056, 8.5, 47.3, 0.05],
  [21781, 8.5, 47.3, 0.05],
  [5070, -95.5, 40.2, 1e-3],
  [2154, 3.1, 45.2, 1e-3],
  [2193, 174.2, -41.2, 1e-3],
  [25832, 9.9, 52.2, 1e-3],
  [27700, -1.5, 52.5, 5],
  [6931, 20.5, 70.2, 1e-3],
  [28992, 5.1, 52.2, 1],
  [31370, 4.4, 50.8, 1],
  [31254, 11.4, 47.2, 1.5],
  [4289, 5.1, 52.2, 1],
  [23032, 11.1, 47.2, 10],
  [3067, 25.1, 62.2, 1e-3],
  [54009, 20.5, 30.2, 1e-2],
  [3395, 20.5, 30.2, 1e-3],
];

describeWithRasterio('coordinates as PROJ computes them', () => {
  const expected = hasCases();

  function hasCases(): [number, number][] {
    return python<[number, number][]>(
      `
from rasterio.warp import transform
out = []
for epsg, lon, lat, _ in data:
    crs = ('ESRI:%d' if 54000 <= epsg < 55000 else 'EPSG:%d') % epsg
    x, y = transform('EPSG:4326', crs, [lon], [lat])
    out.append([x[0], y[0]])
answer(out)
`,
      cases,
    );
  }

  test.each(cases.map((each, index) => [...each, index] as const))(
    'EPSG:%i',
    (epsg, longitude, latitude, meters, index) => {
      const [x, y] = transformer(wgs84, parseCrs(epsg)).forward(longitude, latitude);
      const scale = parseCrs(epsg).isGeographic ? 111_320 : 1;
      const distance = Math.hypot(x - expected[index][0], y - expected[index][1]) * scale;
      expect(distance).toBeLessThan(meters);
    },
  );
});
