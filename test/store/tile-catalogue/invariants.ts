import fc from 'fast-check';
import { locationHash, tileId } from '../../../src/tiles/identity';
import { type CatalogueFixture, flightA, flightB, t1, write } from './fixture';

/** What holds of the tables, whatever is done. */
export function describeInvariants(given: CatalogueFixture): void {
  const { catalogue, dialect } = given;

  describe('invariants', () => {
    const cells = Array.from({ length: 4 }, (_, index) => ({ z: 2, x: index % 2, y: index >> 1 }));
    const anyWrite = fc.record({
      cell: fc.constantFrom(...cells),
      flight: fc.constantFrom(undefined, flightA, flightB),
      capturedAt: fc.integer({ min: t1, max: t1 + 3 }),
    });

    test('9.1 9.2 9.3 9.4 9.7 9.8 9.9 hold after any sequence of writes and removals', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyWrite, { maxLength: 12 }), fc.boolean(), async (writes, removes) => {
          await given.tiles.rows('delete from tiles returning id');
          const keys = new Set<string>();
          for (const { cell: tile, flight, capturedAt } of writes) {
            const source = flight === undefined ? 'google_maps' : 'uav';
            await catalogue().write(write({ tile, source, flightId: flight, capturedAt }));
            keys.add(tileId(tile, source, flight));
          }
          if (removes) {
            await catalogue().removeFlight(flightA);
            for (const tile of cells) keys.delete(tileId(tile, 'uav', flightA));
          }
          const flags = await given.tiles.rows<{
            id: string;
            source: string;
            flight_id: string | null;
            hash: string;
          }>(`select id, source, flight_id, location_hash as hash from tiles`);
          expect(new Set(flags.map(({ id }) => id))).toEqual(keys);
          expect(flags).toHaveLength(keys.size);
          for (const row of flags)
            expect((row.source === 'google_maps') === (row.flight_id === null)).toBe(true);
          const inRegion = await catalogue().inWindow({ zoom: 2, columns: [[0, 3]], rows: [0, 3] }, 100);
          const bulk = await catalogue().byHashes(cells.map(locationHash));
          const summaries = await catalogue().summaries(cells.map(locationHash));
          for (const tile of cells) {
            const rows = await given.tiles.rows<{ id: string; location_hash: string }>(
              `select id, location_hash from tiles where tile_zoom = ${tile.z} and tile_x = ${tile.x} and tile_y = ${tile.y}
               order by captured_at desc, updated_at desc, id desc`,
            );
            for (const row of rows) expect(row.location_hash).toBe(locationHash(tile));
            const shown = await catalogue().atCell(tile);
            expect(shown?.id).toBe(rows[0]?.id);
            expect(inRegion.find((other) => other.locationHash === locationHash(tile))).toEqual(shown);
            expect(bulk.get(locationHash(tile))).toEqual(shown);
            const told = summaries.get(locationHash(tile));
            expect(told === undefined).toBe(shown === undefined);
            if (told) expect(shown).toMatchObject(told);
          }
        }),
        { numRuns: 25 },
      );
    });
  });

  test('2.1 2.6 2.7 2.8 2.9 columns and indexes have their names', async () => {
    const names =
      dialect === 'postgres'
        ? `select column_name as name from information_schema.columns where table_name = 'tiles'`
        : `select name from pragma_table_info('tiles')`;
    const wanted = [
      ...['id', 'tile_zoom', 'tile_x', 'tile_y', 'latitude', 'longitude', 'tile_size_meters'],
      ...['tile_size_pixels', 'image_type', 'file_path', 'created_at', 'updated_at', 'source'],
      ...[
        'captured_at',
        'flight_id',
        'location_hash',
        'content_sha256',
        'legacy_id',
        'maps_version',
        'version',
      ],
    ];
    expect((await given.tiles.rows<{ name: string }>(names)).map(({ name }) => name)).toEqual(
      expect.arrayContaining(wanted),
    );
    const indexes =
      dialect === 'postgres'
        ? `select indexname as name from pg_indexes where tablename = 'tiles' and indexname <> 'tiles_pkey'`
        : `select name from pragma_index_list('tiles') where origin = 'c'`;
    // 2.8: and none of those that went.
    expect((await given.tiles.rows<{ name: string }>(indexes)).map(({ name }) => name).sort()).toEqual([
      'idx_tiles_captured',
      'idx_tiles_flight_captured',
      'idx_tiles_unique_identity',
      'tiles_leaflet_path',
    ]);
  });
}
