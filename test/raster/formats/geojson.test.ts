import { geojson } from '../../../src/raster/formats/geojson';
import { memoryCube } from '../../../src/raster/memory-cube';
import { bytesOf, encodeRequest } from './support';

test.each([0, 1, 256, 257, 1000])(
  '%d features are written in pieces that make one document',
  async (count) => {
    const cube = memoryCube({
      dimensions: [
        {
          type: 'geometry',
          name: 'geometry',
          labels: Array.from({ length: count }, (_, index) => ({
            type: 'Point',
            coordinates: [index / 100, 46],
          })),
        },
      ],
      data: Float64Array.from({ length: count }, (_, index) => index),
    });
    const encoded = await geojson.encode(cube, encodeRequest());
    const { type, features } = JSON.parse(Buffer.from(await bytesOf(encoded.body)).toString()) as {
      type: string;
      features: { geometry: { coordinates: number[] }; properties: { value: number } }[];
    };
    expect([type, features.length]).toEqual(['FeatureCollection', count]);
    features.forEach(({ geometry, properties }, index) => {
      expect([geometry.coordinates[0], properties.value]).toEqual([index / 100, index]);
    });
  },
);
