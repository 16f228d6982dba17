import type { TileFiles } from './files';
import type { TileCatalogue } from './types';

/** An upload has its row long before. Younger files without a row may be about to get one. */
export const settledAfterMs = 10 * 60 * 1000;

/** What the sweep asks of a catalogue. */
export type SweptCatalogue = Pick<TileCatalogue, 'allFiles' | 'referenced'>;

/** What does not belong together. Paths are below the root of the catalogue's files. */
export type SweepFinding =
  | {
      readonly kind: 'file without row';
      readonly path: string;
      readonly size: number;
      readonly removed: boolean;
    }
  | { readonly kind: 'row without file'; readonly path: string; readonly id: string };

export interface SweepOptions {
  /** Remove files without a row; otherwise they are only told. */
  readonly remove?: boolean;
  /** Files must be so old to count; default {@link settledAfterMs}. */
  readonly olderThanMs?: number;
  readonly signal?: AbortSignal;
}

/** Rows, or files, that are looked at together. */
const pageSize = 1000;

/**
 * Compares the catalogue's rows with its files, while others write to both: a file is only taken for an orphan when
 * it is older than any upload takes, and when no row points to it in the moment of its removal. What is yielded has
 * been removed already where that was asked for. The paths of all rows are kept meanwhile, about 100 bytes each.
 * @throws OpenEOError `StoreUnavailable`, `StorageFailure`; the signal's reason
 */
export async function* sweepTiles(
  catalogue: SweptCatalogue,
  files: TileFiles,
  { remove = false, olderThanMs = settledAfterMs, signal }: SweepOptions = {},
): AsyncGenerator<SweepFinding> {
  const before = new Date(Date.now() - olderThanMs);
  const known = new Set<string>();
  for (let after: string | undefined; ; ) {
    signal?.throwIfAborted();
    const rows = await catalogue.allFiles({ limit: pageSize, after });
    const there = await Promise.all(rows.map(({ filePath }) => files.has(filePath)));
    for (const { filePath } of rows) known.add(filePath);
    const missing = rows.filter((_, index) => !there[index]);
    for (const { id, filePath } of missing)
      if (await isStillMissing(catalogue, files, filePath))
        yield { kind: 'row without file', id, path: filePath };
    if (rows.length < pageSize) break;
    after = rows[rows.length - 1].id;
  }
  for await (const page of files.olderThan('', before)) {
    signal?.throwIfAborted();
    const unknown = page.filter(({ path }) => !known.has(path));
    if (unknown.length === 0) continue;
    // Rows that have come since the first look.
    const referenced = await catalogue.referenced(unknown.map(({ path }) => path));
    for (const { path, size } of unknown)
      if (!referenced.has(path))
        yield { kind: 'file without row', path, size, removed: remove && (await files.remove(path)) };
  }
}

/** A writer may have replaced the row, and removed the file that it had, between our two looks. */
async function isStillMissing(catalogue: SweptCatalogue, files: TileFiles, path: string): Promise<boolean> {
  return (await catalogue.referenced([path])).has(path) && !(await files.has(path));
}
