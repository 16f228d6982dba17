import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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
