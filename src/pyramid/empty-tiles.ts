import { buffer } from 'node:stream/consumers';
import type { TileAddress } from '../geo/types';
import type { ObjectStore } from '../store/objects/types';

/** How often what is known is stored. */
const savedEveryMs = 5000;
const fileName = 'empty-tiles.txt';

const nameOf = ({ z, x, y }: TileAddress) => `${z}/${x}/${y}`;

/**
 * The tiles that show nothing and were left out. They are remembered beside the others while a pyramid is made, so that
 * a run which goes on after a crash does not look at them again.
 */
export class EmptyTiles {
  #names = new Set<string>();
  #savedAt = Date.now();
  #savedSize = 0;
  #saving: Promise<void> = Promise.resolve();

  constructor(
    private readonly objects: ObjectStore,
    private readonly prefix: string,
  ) {}

  get count(): number {
    return this.#names.size;
  }

  /** Reads what an earlier run knew. @param since leaves out what was stored before */
  async load(since = new Date(0)): Promise<void> {
    const found = await this.objects.get(this.prefix + fileName);
    if (!found) return;
    const text = String(await buffer(found.body));
    if (found.info.modified < since) return;
    for (const name of text.split('\n')) if (/^\d+\/\d+\/\d+$/.test(name)) this.#names.add(name);
    this.#savedSize = this.#names.size;
  }

  has(tile: TileAddress): boolean {
    return this.#names.size > 0 && this.#names.has(nameOf(tile));
  }

  /** Remembers one, and stores what is known once in a while. @throws storage errors */
  async add(tile: TileAddress): Promise<void> {
    this.#names.add(nameOf(tile));
    if (Date.now() - this.#savedAt >= savedEveryMs) await this.save();
  }

  /** Stores what is known. @throws storage errors */
  async save(): Promise<void> {
    this.#savedAt = Date.now();
    this.#saving = this.#saving.then(async () => {
      if (this.#names.size === this.#savedSize) return;
      const body = Buffer.from(`${[...this.#names].join('\n')}\n`);
      await this.objects.put(this.prefix + fileName, body, { contentType: 'text/plain' });
      this.#savedSize = this.#names.size;
    });
    await this.#saving;
  }

  /** When all is made it is of no use any more. @throws storage errors */
  async forget(): Promise<void> {
    if (this.#savedSize > 0) await this.objects.remove(this.prefix + fileName);
  }
}
