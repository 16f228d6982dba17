import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { Client } from 'pg';
import { migrateEarlierTiles, previewEarlierTiles } from '../../src/store/tiles/postgres/earlier/migrate';
import { builtProgram, eventually, plainEnvironment, runCommand } from '../support/process';
import { randomTiles } from '../tiles/support/cells';
import { describeTiles, type EarlierState, earlierDatabase } from '../tiles/support/earlier-databases';

const rows = randomTiles(40, 5).map((cell, index) => ({
  ...{
    ...cell,
    path: `old/${index}.jpg`,
    id: `00000000-0000-4000-8000-0000000001${String(index).padStart(2, '0')}`,
  },
}));

describe.each<EarlierState>([12, 13, 14])(
  '8.6 a migration from state %i that is killed half-way',
  (state) => {
    test('has changed nothing, and comes to the same when it is run again', async () => {
      const [old, twin] = [await earlierDatabase(state, rows), await earlierDatabase(state, rows)];
      const blocker = new Client({ connectionString: old.url });
      await blocker.connect();
      try {
        const look = async () => ({
          tiles: await old.query('select t.* from tiles t order by file_path'),
          columns: await old.query(
            `select attname, atttypid::regtype::text as type, attnotnull from pg_attribute
           where attrelid = 'tiles'::regclass and attnum > 0 order by attnum`,
          ),
          indexes: await old.query(`select indexdef from pg_indexes where tablename = 'tiles' order by 1`),
        });
        const before = await look();
        // Who makes a function of the same name waits for the one that makes it already: in the middle of 014.
        await blocker.query('begin');
        await blocker.query(
          `create function tile_uuid(name text) returns uuid language sql as 'select null::uuid'`,
        );
        const env = { ...plainEnvironment(), TILEGRAPH_TILE_STORE_URL: old.url };
        const child = spawn(process.execPath, [builtProgram(), 'tiles', 'migrate'], {
          ...{ cwd: tmpdir(), env, stdio: 'ignore' },
        });
        const exited = once(child, 'exit');
        const waiting = () =>
          old.query(
            `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
           and query ilike '%function "tile_uuid"%'`,
          );
        await eventually(async () => expect(await waiting()).toHaveLength(1), 60_000);
        child.kill('SIGKILL');
        expect(await exited).toEqual([null, 'SIGKILL']);
        await blocker.query('rollback');

        // The connection that nobody holds any more ends with its transaction; until then the table is locked.
        await eventually(async () => expect(await waiting()).toEqual([]), 60_000);
        expect(await look()).toEqual(before);
        expect(await previewEarlierTiles(old.url)).toMatchObject({ version: state, rows: rows.length });

        const again = await runCommand(['tiles', 'migrate'], { env: { TILEGRAPH_TILE_STORE_URL: old.url } });
        expect([again.code, again.errors]).toEqual([0, '']);
        await migrateEarlierTiles(twin.url);
        expect(await describeTiles(old.query)).toEqual(await describeTiles(twin.query));
        const plain = 'select * from tiles order by file_path';
        expect(await old.query(plain)).toEqual(await twin.query(plain));
      } finally {
        await blocker.end();
        await old.drop();
        await twin.drop();
      }
    }, 180_000);
  },
);
