import { setTimeout as delay } from 'node:timers/promises';
import { silentLogger } from '../../src/base/logger';
import type { PgQuery, PostgresSql } from '../../src/store/sql/types';
import { openTileStore } from '../../src/store/tiles/open';
import { PostgresCatalogue } from '../../src/store/tiles/postgres/catalogue';
import * as statements from '../../src/store/tiles/postgres/catalogue-statements';
import { locationHash } from '../../src/tiles/identity';
import { type TestTileStore, testTileStore } from '../support/tile-stores';
import { write } from './tile-catalogue/fixture';
import { catalogueContract } from './tile-catalogue.contract';

interface Plan {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Heap Fetches'?: number;
  readonly Plans?: readonly Plan[];
}

const flatten = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(flatten)];

describe('tile catalogue on PostgreSQL', () => {
  catalogueContract('postgres');

  describe('its own ways', () => {
    let store: TestTileStore;
    beforeAll(async () => {
      store = await testTileStore('postgres');
    });
    afterAll(() => store.close());

    test('2.6 2.7 the indexes are what the contract spells out', async () => {
      const indexes = await store.rows<{ indexdef: string }>(
        `select indexdef from pg_indexes where tablename = 'tiles' order by indexname`,
      );
      expect(indexes.map(({ indexdef }) => indexdef.replace(/^.* USING btree /, ''))).toEqual([
        '(captured_at, id)',
        '(flight_id, captured_at)',
        `(tile_zoom, tile_x, tile_y, tile_size_meters, source, COALESCE(flight_id, '00000000-0000-0000-0000-000000000000'::uuid))`,
        '(location_hash, captured_at DESC, updated_at DESC, id DESC) INCLUDE (file_path, source)',
        '(id)',
      ]);
    });

    test('2.4 instants have a zone and six decimals', async () => {
      const found = await store.rows(
        `select distinct data_type, datetime_precision from information_schema.columns
         where table_name = 'tiles' and column_name in ('created_at', 'updated_at', 'captured_at')`,
      );
      expect(found).toEqual([{ data_type: 'timestamp with time zone', datetime_precision: 6 }]);
    });

    test('4.6 leaflet-index-only: the hot query on 120,000 rows after VACUUM ANALYZE', async () => {
      const { sql } = store;
      if (sql.dialect !== 'postgres') throw new Error('This needs PostgreSQL');
      await sql.query({
        text: `insert into tiles (id, tile_zoom, tile_x, tile_y, latitude, longitude, tile_size_meters,
            tile_size_pixels, image_type, file_path, source, captured_at, location_hash)
          select gen_random_uuid(), 18, n % 60000, n / 60000, 0, 0, 152.874, 256, 'jpeg',
            'google_maps/18/' || n || '.jpg', case n / 60000 when 0 then 'google_maps' else 'uav' end,
            '2024-01-01Z'::timestamptz + n * interval '1 second', md5((n % 60000)::text)::uuid
          from generate_series(0, 119999) n`,
        timeoutMs: 120_000,
      });
      await sql.query({ text: 'vacuum analyze tiles', timeoutMs: 120_000 });
      const [{ hash }] = await store.rows<{ hash: string }>(`select md5('4711')::uuid::text as hash`);
      const text = statements.file.text.replace('$1', `'${hash}'`);
      const [row] = await store.rows<Record<string, [{ Plan: Plan }]>>(
        `explain (analyze, format json) ${text}`,
      );
      const scans = flatten(row['QUERY PLAN'][0].Plan).filter((plan) => plan['Index Name'] !== undefined);
      expect(scans).toEqual([
        expect.objectContaining({ 'Node Type': 'Index Only Scan', 'Index Name': 'tiles_leaflet_path' }),
      ]);
      expect(scans[0]['Heap Fetches']).toBeLessThanOrEqual(1);
      expect(flatten(row['QUERY PLAN'][0].Plan).map((plan) => plan['Node Type'])).not.toContain('Sort');
    });

    test.each(['byHashes', 'summaries'] as const)(
      '5.14 %s of 5,000 hashes are one statement with one array',
      async (method) => {
        const { sql } = store;
        if (sql.dialect !== 'postgres') throw new Error('This needs PostgreSQL');
        const asked: PgQuery[] = [];
        const counting: PostgresSql = Object.create(sql, {
          query: {
            value: (query: PgQuery) => {
              asked.push(query);
              return sql.query(query);
            },
          },
        });
        const hashes = Array.from({ length: 5000 }, (_, x) => locationHash({ z: 20, x, y: 1 }));
        expect((await new PostgresCatalogue(counting)[method]([...hashes, ...hashes])).size).toBe(0);
        // 4.8: in the text of an array, as the driver sends it too.
        expect(asked.map(({ values }) => values)).toEqual([[`{${hashes.join(',')}}`]]);
      },
    );

    test('5.5 another process learns of a write', async () => {
      const other = await openTileStore(store.url, { logger: silentLogger });
      const heard: (string | undefined)[] = [];
      const stop = other.catalogue.watch((hash) => heard.push(hash));
      // The listener reports a gap when its connection stands.
      while (heard.length === 0) await delay(5);
      const tile = { z: 5, x: 1, y: 2 };
      await store.store.catalogue.write(write({ tile }));
      while (!heard.includes(locationHash(tile))) await delay(5);
      stop();
      await other.close();
    });
  });
});
