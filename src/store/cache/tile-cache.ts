import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { OpenEOError } from '../../base/errors';
import { takeProcessLock } from '../../base/process-lock';
import type { TileAddress } from '../../geo/types';
import type { CachedTile, CacheTotals, CacheWrite, TileCache } from '../../tiles/client/types';
import { imageTypeOf } from '../../tiles/image-type';
import { readMigrations } from '../sql/migrations';
import { openSqlite } from '../sql/sqlite';
import type { SqliteSql } from '../sql/types';
import { CacheFiles } from './cache-files';
import { Holds } from './holds';
import { type CacheRow, cacheValues, readCached } from './rows';
import * as statements from './statements';

/** What a class of tiles takes. */
export interface SectorTotals {
  readonly name: string;
  readonly tiles: number;
  readonly bytes: number;
  readonly downgraded: number;
}

interface Victim {
  readonly id: string;
  readonly path: string;
  readonly bytes: number;
}

/** The folder cannot be used, or another process writes to it. */
export class CacheError extends Error {
  override readonly name = 'CacheError';
}

function lock(folder: string, root: string): () => void {
  const unlock = takeProcessLock(join(root, 'writer.lock'));
  if (!unlock) throw new CacheError(`The cache ${folder} is being written to by another process.`);
  return unlock;
}

/**
 * Opens the cache in a folder, made where it is missing. Any number of processes may read it; one at a time opens it
 * as its writer, and removes what an earlier one has left half-done.
 * @throws CacheError where there is a writer already, and where the folder cannot be used
 */
export async function openTileCache(
  folder: string,
  { isWriter }: { readonly isWriter: boolean },
): Promise<DiskTileCache> {
  const root = resolve(folder);
  let unlock = () => {};
  try {
    if (isWriter) unlock = lock(folder, root);
    const sql = await openSqlite(join(root, 'cache.db'), readMigrations('sqlite', 'cache'));
    const cache = new DiskTileCache(sql, new CacheFiles(root), unlock);
    if (isWriter) await cache.removeStrays();
    return cache;
  } catch (error) {
    unlock();
    if (error instanceof CacheError) throw error;
    throw new CacheError(`The cache ${folder} cannot be used: ${(error as Error).message}`, { cause: error });
  }
}

/** See {@link TileCache}. */
export class DiskTileCache implements TileCache {
  readonly #held = new Holds();
  /** Files that somebody reads, and those of them that go when they are read. */
  readonly #readers = new Holds();
  readonly #left = new Set<string>();
  /** Bytes of tiles that are being written. */
  #reserved = 0;

  constructor(
    readonly sql: SqliteSql,
    readonly files: CacheFiles,
    readonly unlock: () => void,
  ) {}

  async put(write: CacheWrite, bytes: Uint8Array): Promise<CachedTile | undefined> {
    const imageType = imageTypeOf(bytes);
    if (!imageType) throw new OpenEOError('FileTypeInvalid');
    const release = this.#reserve(bytes.length);
    try {
      if ((await this.#makeRoom()) === undefined) return undefined;
      const path = await this.files.create(write, imageType, bytes);
      const digest = createHash('sha256').update(bytes).digest();
      return await this.#insert(write, { path, imageType, digest, size: bytes.length }, release);
    } finally {
      release();
    }
  }

  async use<T>(
    { z, x, y }: TileAddress,
    work: (found: { readonly tile: CachedTile; readonly path: string }) => Promise<T>,
    { trustedOnly = false }: { readonly trustedOnly?: boolean } = {},
  ): Promise<T | undefined> {
    const [tile] = this.#tiles(trustedOnly ? statements.trustedOfCell : statements.ofCell, [z, x, y]);
    if (!tile) return undefined;
    const release = this.hold(tile.id);
    const { filePath } = tile;
    const closeFile = this.#readers.add(filePath);
    try {
      await this.#write(statements.touch, [Date.now() * 1000, tile.id]);
      return await work({ tile, path: this.files.path(filePath) });
    } finally {
      release();
      if (closeFile() && this.#left.delete(filePath)) await this.files.remove(filePath);
    }
  }

  neighbourhood({ z, x, y }: TileAddress): readonly CachedTile[] {
    const count = 2 ** z;
    const columns = [x - 1, x, x + 1].map((column) => (column + count) % count);
    return this.#tiles(statements.around, [z, ...columns, y - 1, y + 1]);
  }

  byIds(ids: readonly string[]): ReadonlyMap<string, CachedTile> {
    return new Map(this.#tiles(statements.byIds, [JSON.stringify(ids)]).map((tile) => [tile.id, tile]));
  }

  pending(): readonly CachedTile[] {
    return this.#tiles(statements.pending, []);
  }

  all(): readonly CachedTile[] {
    return this.#tiles(statements.all, []);
  }

  async setVotingStatus(id: string, status: string): Promise<void> {
    await this.#write(statements.setVotingStatus, [status, id]);
  }

  hold(id: string): () => void {
    return this.#held.add(id);
  }

  totals(): CacheTotals {
    const row = this.sql.prepare(statements.state).get() as {
      bytes: number;
      tiles: number;
      budget: number | null;
    };
    return { tiles: row.tiles, bytes: row.bytes, ...(row.budget !== null && { budgetBytes: row.budget }) };
  }

  sectors(): readonly SectorTotals[] {
    return this.sql.prepare(statements.bySector).all() as unknown as SectorTotals[];
  }

  async setBudget(bytes: number | undefined): Promise<number> {
    await this.#write(statements.setBudget, [bytes ?? null]);
    return (await this.#makeRoom()) ?? 0;
  }

  /** Removes a tile's row, then its file. */
  async remove({ id, filePath }: Pick<CachedTile, 'id' | 'filePath'>): Promise<void> {
    await this.#write(statements.remove, [id]);
    await this.files.remove(filePath);
  }

  async removeStrays(): Promise<number> {
    const rows = this.sql.prepare(statements.allPaths).all() as unknown as { path: string }[];
    return this.files.removeStrays(new Set(rows.map(({ path }) => path)));
  }

  async close(): Promise<void> {
    await this.sql.close();
    this.unlock();
  }

  /** Counts bytes that are about to be written, until the returned function is called. */
  #reserve(bytes: number): () => void {
    this.#reserved += bytes;
    let isReserved = true;
    return () => {
      if (isReserved) this.#reserved -= bytes;
      isReserved = false;
    };
  }

  /** @returns how many tiles went; undefined where those that may go do not suffice, and none went */
  async #makeRoom(): Promise<number | undefined> {
    const victims = await this.sql.transaction(() => {
      const { bytes, budgetBytes } = this.totals();
      const victims: Victim[] = [];
      let excess = budgetBytes === undefined ? 0 : bytes + this.#reserved - budgetBytes;
      if (excess <= 0) return victims;
      for (const row of this.sql.database.prepare(statements.leastRecent).iterate()) {
        const victim = row as Victim;
        if (this.#held.has(victim.id)) continue;
        victims.push(victim);
        excess -= victim.bytes;
        if (excess <= 0) break;
      }
      if (excess > 0) return undefined;
      for (const { id } of victims) this.sql.prepare(statements.remove).run(id);
      return victims;
    });
    for (const { path } of victims ?? []) await this.files.remove(path);
    return victims?.length;
  }

  async #insert(
    write: CacheWrite,
    file: {
      readonly path: string;
      readonly imageType: string;
      readonly digest: Buffer;
      readonly size: number;
    },
    release: () => void,
  ): Promise<CachedTile> {
    const { z, x, y } = write.tile;
    const isOwn = write.source === 'onboard_ingest';
    let replaced: CachedTile[];
    let added: CachedTile | undefined;
    try {
      [replaced, added] = await this.sql.transaction(() => {
        const before = isOwn
          ? this.#tiles(statements.replacedByOwn, [write.id])
          : this.#tiles(statements.replacedByServer, [write.id, z, x, y]);
        for (const { id } of before) this.sql.prepare(statements.remove).run(id);
        this.sql.prepare(statements.insert).run(...cacheValues(write, file, Date.now() * 1000));
        this.sql.prepare(statements.touch).run(Date.now() * 1000, write.id);
        // From here on the row counts.
        release();
        return [before, this.#tiles(statements.byIds, [JSON.stringify([write.id])])[0]] as const;
      });
    } catch (error) {
      await this.files.remove(file.path).catch(() => {});
      throw error;
    }
    for (const { filePath } of replaced)
      if (this.#readers.has(filePath)) this.#left.add(filePath);
      else await this.files.remove(filePath);
    return added;
  }

  #tiles(statement: string, values: readonly unknown[]): CachedTile[] {
    return (this.sql.prepare(statement).all(...values) as unknown as CacheRow[]).map(readCached);
  }

  async #write(statement: string, values: readonly unknown[]): Promise<void> {
    await this.sql.run(() => this.sql.prepare(statement).run(...values));
  }
}
