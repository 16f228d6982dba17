import { buffer } from 'node:stream/consumers';
import { LRUCache } from 'lru-cache';
import type { TileAddress } from '../geo/types';
import type { ObjectStore } from '../store/objects/types';

/** How long a server believes what it knows of a service's stored tiles. */
const trustMs = 5000;
const pageSize = 1000;

/** Stands for a tile of nothing but missing pixels. A file without bytes is what a crash of the machine may leave. */
const emptyMark = Buffer.from('empty');

/**
 * Tiles of services that were drawn ahead. Their names carry the tag of what they show, so that a tile of changed data, of
 * a changed graph or of another version of this program is never served: it is simply not found.
 */
export class Seeds {
  readonly #known = new LRUCache<string, Promise<boolean>>({ max: 10_000, ttl: trustMs });

  constructor(private readonly objects: ObjectStore) {}

  /** Undefined where it is not stored; without bytes where all pixels are missing. */
  async find(serviceId: string, tile: TileAddress, tag: string): Promise<Uint8Array | undefined> {
    if (!(await this.#hasAny(serviceId))) return undefined;
    const found = await this.objects.get(this.key(serviceId, tile, tag));
    if (!found) return undefined;
    const body = await buffer(found.body);
    if (body.equals(emptyMark)) return new Uint8Array();
    return body.length > 0 ? body : undefined;
  }

  /** @param body without bytes where all pixels are missing */
  async put(
    serviceId: string,
    tile: TileAddress,
    tag: string,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<void> {
    const bytes = body.length > 0 ? body : emptyMark;
    await this.objects.put(this.key(serviceId, tile, tag), bytes, { isLazy: true, signal });
  }

  /** Keys of everything that is stored of a service, by the tile's address `z/x/y`. */
  async list(serviceId: string, signal: AbortSignal): Promise<Map<string, string[]>> {
    const folder = folderOf(serviceId);
    const byAddress = new Map<string, string[]>();
    for (let after: string | undefined = ''; after !== undefined; ) {
      signal.throwIfAborted();
      const page: Awaited<ReturnType<ObjectStore['list']>> = await this.objects.list(folder, {
        limit: pageSize,
        after,
      });
      for (const { key, size } of page.items) {
        if (size === 0) continue;
        const [address] = key.slice(folder.length).split('.');
        byAddress.set(address, [...(byAddress.get(address) ?? []), key]);
      }
      after = page.next;
    }
    return byAddress;
  }

  async remove(key: string): Promise<void> {
    await this.objects.remove(key);
  }

  /** Everything of a service. */
  async removeAll(serviceId: string): Promise<number> {
    this.#known.delete(serviceId);
    return this.objects.removeAll(folderOf(serviceId));
  }

  key(serviceId: string, { z, x, y }: TileAddress, tag: string): string {
    return `${folderOf(serviceId)}${z}/${x}/${y}.${tag}`;
  }

  /** Services without stored tiles, which are most, are not looked up in the storage for each tile. */
  #hasAny(serviceId: string): Promise<boolean> {
    let known = this.#known.get(serviceId);
    if (!known) {
      known = this.objects.list(folderOf(serviceId), { limit: 1 }).then(({ items }) => items.length > 0);
      known.catch(() => this.#known.delete(serviceId));
      this.#known.set(serviceId, known);
    }
    return known;
  }
}

function folderOf(serviceId: string): string {
  return `seeds/${serviceId}/`;
}
