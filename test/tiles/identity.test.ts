import fc from 'fast-check';
import { v5 } from 'uuid';
import {
  checkTile,
  locationHash,
  maxTileZoom,
  tileCentre,
  tileId,
  tileNamespace,
  tileSizeMeters,
} from '../../src/tiles/identity';
import { formatInstant, parseInstant } from '../../src/tiles/instant';
import { uuidV5 } from '../../src/tiles/uuid-v5';
import { cellOf, cellVectors, idVectors, randomTiles } from './support/cells';

describe('identity of tiles', () => {
  test.each(cellVectors)('1.1 1.2 location-hash-stability: the hash of %s', (name, hash) => {
    expect(locationHash(cellOf(name))).toBe(hash);
  });

  test.each(idVectors)('1.4 the id of %s', (cell, source, flight, id) => {
    expect(tileId(cellOf(cell), source, flight)).toBe(id);
  });

  test('1.2 1.4 10,000 random cells: equal to the uuid package', () => {
    for (const tile of randomTiles(10_000)) {
      const name = `${tile.z}/${tile.x}/${tile.y}`;
      expect(locationHash(tile)).toBe(v5(name, tileNamespace));
      expect(tileId(tile, 'uav', undefined)).toBe(v5(`${name}/uav/none`, tileNamespace));
    }
  });

  test('1.2 names of any length and script are hashed as the uuid package does', () => {
    const namespace = Buffer.from(tileNamespace.replaceAll('-', ''), 'hex');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (name) => {
        expect(uuidV5(namespace, name)).toBe(v5(name, tileNamespace));
      }),
    );
    for (let length = 0; length < 200; length++)
      expect(uuidV5(namespace, 'a'.repeat(length))).toBe(v5('a'.repeat(length), tileNamespace));
  });

  test.each([
    [{ z: -1, x: 0, y: 0 }],
    [{ z: 31, x: 0, y: 0 }],
    [{ z: 1.5, x: 0, y: 0 }],
    [{ z: 1, x: 2, y: 0 }],
    [{ z: 1, x: 0, y: 2 }],
    [{ z: 1, x: -1, y: 0 }],
    [{ z: 1, x: 0.5, y: 0 }],
    [{ z: Number.NaN, x: 0, y: 0 }],
    [{ z: 1, x: 0, y: Number.NaN }],
  ])('1.5 refused before hashing: %j', (tile) => {
    for (const run of [() => checkTile(tile), () => locationHash(tile), () => tileId(tile, 'uav', undefined)])
      expect(run).toThrow(expect.objectContaining({ code: 'TileInvalid', status: 400 }));
  });

  test('1.2 a negative zero is a zero', () => {
    expect(locationHash({ z: -0, x: -0, y: -0 })).toBe('f5a814d5-2eb6-5827-9a34-d0c57c410b81');
  });
});

describe('2.3 the size of a tile', () => {
  test('is the equator at zoom 0, and has three decimals', () => {
    expect(tileSizeMeters({ z: 0, x: 0, y: 0 })).toBe(40075016.686);
    // cos(85.05°…) at the centre of the top row of zoom 1, 66.513°.
    expect(tileSizeMeters({ z: 1, x: 1, y: 0 })).toBeCloseTo(
      (40075016.68557849 / 2) * Math.cos((66.51326044311186 * Math.PI) / 180),
      3,
    );
  });

  test('follows the latitude of the centre everywhere, and never is 0', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: maxTileZoom }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (z, share) => {
          const y = Math.min(2 ** z - 1, Math.floor(share * 2 ** z));
          const size = tileSizeMeters({ z, x: 0, y });
          const { latitude } = tileCentre({ z, x: 0, y });
          const expected = (Math.cos((latitude * Math.PI) / 180) * 40075016.68557849) / 2 ** z;
          expect(Math.abs(size - expected)).toBeLessThanOrEqual(0.000501);
          expect(size).toBeGreaterThan(0);
        },
      ),
    );
  });
});

describe('instants', () => {
  test('2.5 other zones become UTC', () => {
    expect(formatInstant(parseInstant('2024-05-01T14:00:00.123456+02:00'))).toBe(
      '2024-05-01T12:00:00.123456Z',
    );
    expect(formatInstant(parseInstant('2024-02-29t23:59:59.9z'))).toBe('2024-02-29T23:59:59.900000Z');
    expect(formatInstant(parseInstant('2024-01-01 00:30:00-0530'))).toBe('2024-01-01T06:00:00.000000Z');
  });

  test.each([
    '2024-05-01T12:00:00',
    '2024-05-01',
    '2023-02-29T00:00:00Z',
    '2024-05-01T24:00:00Z',
    '2024-05-01T12:00:00+24:00',
    '1969-12-31T23:59:59Z',
    '9999-12-31T00:00:00Z',
    'today',
    '',
    17,
    null,
    undefined,
  ])('2.5 refused: %p', (text) => {
    expect(() => parseInstant(text)).toThrow(expect.objectContaining({ code: 'TileInvalid' }));
  });

  test('2.4 microseconds survive text', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (micros) => {
        expect(parseInstant(formatInstant(micros))).toBe(micros);
      }),
    );
  });
});
