import { createHash } from 'node:crypto';
import type { Journal } from '../base/journal';
import { type TileFiles, usualPath } from './files';
import { imageTypeOf } from './image-type';
import { settledAfterMs } from './sweep';
import type { MovedFile, RowFile, TileCatalogue, TileSource } from './types';
import { tileSources } from './write-rules';

/** What is done, or would be done, to the file of a row. */
export type FinishedFile =
  | { readonly kind: 'complete' }
  | { readonly kind: 'measured' | 'moved'; readonly row: RowFile; readonly file: MovedFile }
  /** Somebody wrote the row meanwhile; nothing is left to do. */
  | { readonly kind: 'replaced'; readonly row: RowFile }
  | { readonly kind: 'failed'; readonly row: RowFile; readonly reason: string };

/** A move whose old file may still be there. The last record of a tile counts. */
export type MoveRecord =
  | { readonly id: string; readonly from: string; readonly to: string; readonly sha256: string }
  | { readonly id: string; readonly done: true };

export interface FinishParts {
  readonly catalogue: Pick<TileCatalogue, 'allFiles' | 'moveFile' | 'referenced'>;
  readonly files: TileFiles;
  /** Where files of an earlier system lie, by the paths in its rows; default: among those of the catalogue. */
  readonly earlier?: Pick<TileFiles, 'read' | 'remove'>;
  /** Takes {@link MoveRecord}s; without it nothing is changed. */
  readonly journal?: Journal;
  readonly signal?: AbortSignal;
}

const pageSize = 500;
/** Rows whose files are read, copied and checked at a time. */
const rowsAtOnce = 4;

const digestOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Whether a file lies where its tile's files do, under the usual name or a revision of it. */
function isPlaced({ filePath }: RowFile, { folder, name, extension }: ReturnType<typeof usualPath>): boolean {
  const start = `${folder}/${name}.`;
  return (
    filePath === `${start}${extension}` ||
    (filePath.startsWith(start) &&
      filePath.endsWith(`.${extension}`) &&
      !filePath.includes('/', start.length))
  );
}

/**
 * Completes the rows of earlier systems, row by row: reads the file, takes its digest and size, copies it to its
 * usual place, reads the copy, points the row to it and removes the old file. May be ended at any moment and run
 * again: what is done is passed over, what was begun is finished. Writers may be at work meanwhile.
 * @param unfinished what {@link unfinishedMoves} has found in the journal
 * @throws OpenEOError `StoreUnavailable`, `StorageFailure`; the signal's reason
 */
export async function* finishFiles(
  parts: FinishParts,
  unfinished: Iterable<Exclude<MoveRecord, { done: true }>> = [],
): AsyncGenerator<FinishedFile> {
  if (parts.journal) for (const move of unfinished) await removeOld(parts, move);
  for (let after: string | undefined; ; ) {
    const rows = await parts.catalogue.allFiles({ limit: pageSize, after });
    for (let start = 0; start < rows.length; start += rowsAtOnce) {
      parts.signal?.throwIfAborted();
      const group = rows.slice(start, start + rowsAtOnce);
      // All of a group end before an error ends the whole: none is left half-way on purpose.
      for (const outcome of await Promise.allSettled(group.map((row) => finishFile(parts, row)))) {
        if (outcome.status === 'rejected') throw outcome.reason;
        yield outcome.value;
      }
    }
    if (rows.length < pageSize) return;
    after = rows[rows.length - 1].id;
  }
}

/** The moves of a journal's records that were begun, but not ended. */
export function unfinishedMoves(): {
  note(record: unknown): void;
  list(): Iterable<Exclude<MoveRecord, { done: true }>>;
} {
  const open = new Map<string, Exclude<MoveRecord, { done: true }>>();
  return {
    note(value) {
      const record = value as MoveRecord;
      if ('done' in record) open.delete(record.id);
      else open.set(record.id, record);
    },
    list: () => open.values(),
  };
}

async function finishFile(parts: FinishParts, row: RowFile): Promise<FinishedFile> {
  const { catalogue, files, journal } = parts;
  const source = row.source as TileSource;
  const stored = usualPath({ ...row, source });
  const isKnown = row.contentSha256 !== undefined && row.byteCount !== undefined;
  if (isKnown && isPlaced(row, stored)) return { kind: 'complete' };
  const fail = (reason: string): FinishedFile => ({ kind: 'failed', row, reason });
  if (!tileSources.has(row.source)) return fail('its source is not known');
  // Files of the catalogue first: what was moved once is there.
  const bytes = (await files.read(row.filePath)) ?? (await parts.earlier?.read(row.filePath));
  if (!bytes) return (await isCurrent(parts, row)) ? fail('its file is missing') : { kind: 'replaced', row };
  const imageType = imageTypeOf(bytes);
  if (!imageType) return fail('its file is no JPEG, PNG or WEBP');
  const contentSha256 = digestOf(bytes);
  if (row.contentSha256 !== undefined && row.contentSha256 !== contentSha256)
    return fail('its file does not have its digest');
  const target = { ...row, source, imageType };
  const file = { filePath: row.filePath, imageType, contentSha256, byteCount: bytes.length };
  const kind = isPlaced(row, usualPath(target)) && (await files.has(row.filePath)) ? 'measured' : 'moved';
  if (!journal) return { kind, row, file };
  if (kind === 'measured')
    return (await catalogue.moveFile(row, file)) ? { kind, row, file } : { kind: 'replaced', row };
  const { path, isOurs } = await copy(parts, target, bytes, contentSha256);
  const moved = { ...file, filePath: path };
  const move = { id: row.id, from: row.filePath, to: path, sha256: contentSha256 };
  await journal.append(move);
  if (!(await catalogue.moveFile(row, moved))) {
    if (isOurs) await files.remove(path);
    await journal.append({ id: row.id, done: true });
    return { kind: 'replaced', row };
  }
  await removeOld(parts, move);
  return { kind, row, file: moved };
}

/** Copies a file to its usual place and reads the copy; one that an interrupted run has left there is taken. */
async function copy(
  { catalogue, files }: FinishParts,
  target: Parameters<typeof usualPath>[0],
  bytes: Buffer,
  digest: string,
): Promise<{ readonly path: string; readonly isOurs: boolean }> {
  const { folder, name, extension } = usualPath(target);
  const usual = `${folder}/${name}.${extension}`;
  const left = await files.info(usual);
  // An older one is left to the sweep, which may be about to remove it.
  if (left && Date.now() - left.modified.getTime() < settledAfterMs / 2) {
    const there = await files.read(usual);
    if (there && digestOf(there) === digest && !(await catalogue.referenced([usual])).has(usual))
      return { path: usual, isOurs: false };
  }
  const path = await files.create(target, () => bytes);
  const copied = await files.read(path);
  if (!copied || digestOf(copied) !== digest) {
    await files.remove(path);
    throw new Error(`The copy ${path} does not have the bytes that were written; nothing was moved`);
  }
  return { path, isOurs: true };
}

async function isCurrent({ catalogue }: FinishParts, { filePath }: RowFile): Promise<boolean> {
  return (await catalogue.referenced([filePath])).has(filePath);
}

/** Removes the file that a row has left, unless a row still needs it or it is another file by now. */
async function removeOld(
  { catalogue, files, earlier, journal }: FinishParts,
  { id, from, to, sha256 }: Exclude<MoveRecord, { done: true }>,
): Promise<void> {
  const inUse = await catalogue.referenced([from, to]);
  if (inUse.has(to) && !inUse.has(from) && from !== to)
    for (const place of [files, earlier]) {
      const bytes = await place?.read(from);
      if (bytes && digestOf(bytes) === sha256) await place?.remove(from);
    }
  await journal?.append({ id, done: true });
}
