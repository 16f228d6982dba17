import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../src/base/logger';
import { openSql } from '../../src/store/sql/open';
import type { Sql } from '../../src/store/sql/types';
import { openTileStore } from '../../src/store/tiles/open';
import type { TileStore } from '../../src/tiles/types';
import type { RandomInteger } from '../../src/tiles/window';
import { testDatabase } from './postgres';

export type Dialect = 'sqlite' | 'postgres';
export const dialects: readonly Dialect[] = ['sqlite', 'postgres'];

/** An empty tile store of a dialect, and a look at its tables. */
export interface TestTileStore {
  readonly url: string;
  readonly store: TileStore;
  readonly sql: Sql;
  /** Rows of any statement that needs no parameters; numbers as numbers. */
  rows<Row extends object>(text: string): Promise<Row[]>;
  close(): Promise<void>;
}

async function emptyDatabase(dialect: Dialect): Promise<{ url: string; drop(): Promise<void> }> {
  if (dialect === 'postgres') return testDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'tilegraph-tiles-'));
  return {
    url: `sqlite:///${join(folder, 'tiles.db')}`,
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

export async function testTileStore(dialect: Dialect, random?: RandomInteger): Promise<TestTileStore> {
  const database = await emptyDatabase(dialect);
  const store = await openTileStore(database.url, { logger: silentLogger, random });
  const sql = await openSql(database.url, { migrations: 'tiles', logger: silentLogger });
  return {
    url: database.url,
    store,
    sql,
    rows: async <Row extends object>(text: string) =>
      sql.dialect === 'postgres'
        ? (await sql.query<Row>({ text })).rows
        : (sql.database.prepare(text).all() as Row[]),
    close: async () => {
      await store.close();
      await sql.close();
      await database.drop();
    },
  };
}

interface Counted {
  readonly n: number | string;
}

const bit = '((y & 7) * 8 + (x & 7))';

/** How many things in the tables contradict each guarantee, by SQL alone. All zero is how it should be. */
export async function contradictions({ sql, rows }: TestTileStore): Promise<Record<string, number>> {
  const one = sql.dialect === 'postgres' ? '1::bigint' : '1';
  const join = sql.dialect === 'postgres' ? 'bit_or' : 'sum';
  const children = (level: number, from: string) =>
    `select service_id, z, ${level} as level, x >> 3 as x, y >> 3 as y, ${join}(${one} << ${bit}) as mask
     from ${from} group by service_id, z, x >> 3, y >> 3`;
  const wanted = [
    children(1, 'tile_assignments'),
    ...[2, 3, 4].map((level) =>
      children(level, `(select * from tile_blocks where level = ${level - 1} and mask = -1) below`),
    ),
  ].join(' union all ');
  const kept = 'select service_id, z, level, x, y, mask from tile_blocks where mask <> 0';
  const latest = `select * from (select h.*, row_number() over (
      partition by service_id, z, x, y order by id desc) as age from tile_history h) ages where age = 1`;
  const texts = {
    tilesWithSeveralOwners:
      'select service_id, z, x, y from tile_assignments group by service_id, z, x, y having count(*) > 1',
    usersWithSeveralTiles:
      'select service_id, user_id from tile_assignments group by service_id, user_id having count(*) > 1',
    tilesMissingInBlocks: `select * from (${wanted}) w except ${kept}`,
    blocksWithoutTiles: `${kept} except select * from (${wanted}) w`,
    assignmentsUnlikeHistory: `select a.x from tile_assignments a left join (${latest}) l
      on l.service_id = a.service_id and l.z = a.z and l.x = a.x and l.y = a.y
      where l.to_stage is null or l.to_stage <> a.stage or l.user_id <> a.user_id`,
    historyWithoutAssignments: `select l.x from (${latest}) l left join tile_assignments a
      on l.service_id = a.service_id and l.z = a.z and l.x = a.x and l.y = a.y
      where l.to_stage <> 'free' and a.x is null`,
    brokenHistories: `select id from (select id, from_stage, user_id, to_stage,
        lag(to_stage, 1, 'free') over tile as before, lag(user_id) over tile as owner from tile_history
        window tile as (partition by service_id, z, x, y order by id)) h
      where from_stage <> before or (from_stage <> 'free' and user_id <> owner) or from_stage = to_stage`,
  };
  const counts: Record<string, number> = {};
  for (const [name, text] of Object.entries(texts)) {
    const [{ n }] = await rows<Counted>(`select count(*) as n from (${text}) found`);
    counts[name] = Number(n);
  }
  return counts;
}

export const noContradictions = {
  tilesWithSeveralOwners: 0,
  usersWithSeveralTiles: 0,
  tilesMissingInBlocks: 0,
  blocksWithoutTiles: 0,
  assignmentsUnlikeHistory: 0,
  historyWithoutAssignments: 0,
  brokenHistories: 0,
};

/** A reproducible source of integers (mulberry32 with rejection, so without bias). */
export function seededRandom(seed: number): RandomInteger {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return (limit) => {
    const fair = 2 ** 32 - (2 ** 32 % limit);
    for (;;) {
      const value = next();
      if (value < fair) return value % limit;
    }
  };
}
