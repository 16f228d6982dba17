import type { Client } from 'pg';
import { maxTileZoom } from '../../../../tiles/identity';
import { tileSources } from '../../../../tiles/write-rules';
import { laterColumns } from './collisions';
import { type ColumnFacts, firstColumns } from './columns';

export interface Problems {
  /** What must be put right by hand before anything can be done. */
  readonly obstacles: readonly string[];
  /** What stays as it is, and is refused by readers. */
  readonly warnings: readonly string[];
}

async function count(client: Client, condition: string): Promise<{ total: number; ids: string }> {
  const { rows } = await client.query<{ total: string; ids: string | null }>(
    `select count(*) as total, (array_agg(t.id::text order by t.id))[1:5]::text as ids from tiles t where ${condition}`,
  );
  return { total: Number(rows[0].total), ids: (rows[0].ids ?? '{}').slice(1, -1) };
}

/** Looks for rows, and for things around the table, that stand in the way of a migration or of readers after it. */
export async function findProblems(client: Client, columns: ColumnFacts): Promise<Problems> {
  const { source, flightId } = laterColumns(columns);
  const obstacles: string[] = [];
  const warnings: string[] = [];
  const tell = async (list: string[], condition: string, what: string) => {
    const { total, ids } = await count(client, condition);
    if (total > 0) list.push(`${total} rows ${what}, such as ${ids}`);
  };
  for (const name of firstColumns) await tell(obstacles, `t.${name} is null`, `have no ${name}`);
  const span = `(1::bigint << greatest(0, least(${maxTileZoom}, t.tile_zoom))::int)`;
  await tell(
    obstacles,
    `t.tile_zoom not between 0 and ${maxTileZoom} or t.tile_x < 0 or t.tile_y < 0 or t.tile_x >= ${span} or t.tile_y >= ${span}`,
    'have a cell that does not exist',
  );
  await tell(obstacles, 'length(t.file_path) > 500', 'have a file_path of more than 500 characters');
  const { rows: references } = await client.query<{ name: string }>(
    `select conrelid::regclass::text as name from pg_constraint where contype = 'f' and confrelid = to_regclass('tiles')`,
  );
  for (const { name } of references)
    obstacles.push(`the table ${name} refers to the ids of tiles, which change; drop its foreign key first`);
  const { rows: triggers } = await client.query<{ name: string }>(
    `select tgname as name from pg_trigger where tgrelid = to_regclass('tiles') and not tgisinternal`,
  );
  for (const { name } of triggers)
    warnings.push(`the trigger ${name} stays; it must not change rows that are written`);
  const sources = [...tileSources].map((name) => `'${name}'`).join(', ');
  await tell(warnings, `${source} not in (${sources})`, 'have an unknown source');
  await tell(
    warnings,
    `${source} = 'google_maps' and ${flightId} is not null`,
    'of google_maps have a flight',
  );
  return { obstacles, warnings };
}
