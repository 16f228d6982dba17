import { join } from 'node:path';
import { Journal } from '../../base/journal';
import type { TileAddress } from '../../geo/types';

/** A tile that was stored completely. */
export interface PullRecord extends TileAddress {
  readonly location_hash: string;
  readonly id: string;
  readonly captured_at: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly path: string;
  /** When. */
  readonly at: string;
}

type Version = Pick<PullRecord, 'location_hash' | 'id' | 'captured_at'>;

const versionOf = ({ id, captured_at }: Pick<PullRecord, 'id' | 'captured_at'>) => `${id} ${captured_at}`;

/** What a cache has got from its server, by completed write. */
export class PullJournal {
  readonly #versions = new Map<string, string>();
  #journal: Journal | undefined;

  /** @param folder of the cache */
  static async open(folder: string): Promise<PullJournal> {
    const journal = new PullJournal();
    journal.#journal = await Journal.open(join(folder, 'journal.ndjson'), (record) => {
      if (isVersion(record)) journal.#versions.set(record.location_hash, versionOf(record));
    });
    return journal;
  }

  /** Whether this very version of a cell's tile was stored. */
  has(tile: Version): boolean {
    return this.#versions.get(tile.location_hash) === versionOf(tile);
  }

  /** Resolves when the record is on the disk. */
  async add(record: PullRecord): Promise<void> {
    await this.#journal?.append(record);
    this.#versions.set(record.location_hash, versionOf(record));
  }

  async close(): Promise<void> {
    await this.#journal?.close();
  }
}

function isVersion(record: unknown): record is Version {
  const { location_hash, id, captured_at } = (record ?? {}) as Record<string, unknown>;
  return [location_hash, id, captured_at].every((value) => typeof value === 'string');
}
