import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { silentLogger } from '../../../src/base/logger';
import { openObjectStore } from '../../../src/store/objects/open';
import { openSql } from '../../../src/store/sql/open';
import { openTileStore } from '../../../src/store/tiles/open';
import { TileFiles } from '../../../src/tiles/files';
import { type SweepFinding, sweepTiles } from '../../../src/tiles/sweep';
import type { TestTileStore } from '../../support/tile-stores';

/** What SQL and the disk alone tell about rows and files that do not belong together. */
export async function faults({ sql, rows }: Pick<TestTileStore, 'sql' | 'rows'>, folder: string) {
  const digest = sql.dialect === 'postgres' ? "encode(content_sha256, 'hex')" : 'lower(hex(content_sha256))';
  const found = await rows<{ file_path: string; digest: string }>(
    `select file_path, ${digest} as digest from tiles`,
  );
  const root = join(folder, 'tiles');
  const paths = new Set(found.map((row) => row.file_path));
  const files = existsSync(root)
    ? readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    : [];
  return {
    rowsWithoutFile: [...paths].filter((path) => !files.includes(path)),
    filesWithoutRow: files.filter((path) => !paths.has(path)),
    sharedFiles: found.length - paths.size,
    wrongDigests: found
      .filter(({ file_path }) => files.includes(file_path))
      .filter(
        (row) =>
          createHash('sha256')
            .update(readFileSync(join(root, row.file_path)))
            .digest('hex') !== row.digest,
      )
      .map((row) => row.file_path),
  };
}

export const noFaults = { rowsWithoutFile: [], filesWithoutRow: [], sharedFiles: 0, wrongDigests: [] };

/** What a server that has ended, however it did, has left behind. */
export interface LeftBehind {
  /** By SQL and the disk alone, before the sweep and after it. */
  readonly before: Awaited<ReturnType<typeof faults>>;
  readonly after: Awaited<ReturnType<typeof faults>>;
  readonly swept: readonly SweepFinding[];
  /** Digests of the tiles by their ids. */
  readonly digests: ReadonlyMap<string, string>;
}

/**
 * Looks at the rows and files that a server has left, and sweeps them.
 * @param url of the tile store
 * @param folder of the object store
 */
export async function lookAtRemains(url: string, folder: string): Promise<LeftBehind> {
  const sql = await openSql(url, { migrations: 'tiles', logger: silentLogger });
  const rows = async <Row extends object>(text: string) =>
    sql.dialect === 'postgres'
      ? (await sql.query<Row>({ text })).rows
      : (sql.database.prepare(text).all() as Row[]);
  const store = await openTileStore(url, { logger: silentLogger });
  const objects = await openObjectStore(pathToFileURL(folder).href, { logger: silentLogger });
  try {
    const before = await faults({ sql, rows }, folder);
    const digest =
      sql.dialect === 'postgres' ? "encode(content_sha256, 'hex')" : 'lower(hex(content_sha256))';
    const found = await rows<{ id: string; digest: string }>(`select id, ${digest} as digest from tiles`);
    const swept: SweepFinding[] = [];
    const options = { remove: true, olderThanMs: 0 };
    for await (const finding of sweepTiles(store.catalogue, new TileFiles(objects), options))
      swept.push(finding);
    const digests = new Map(found.map((row) => [row.id, row.digest]));
    return { before, after: await faults({ sql, rows }, folder), swept, digests };
  } finally {
    await objects.close();
    await store.close();
    await sql.close();
  }
}
