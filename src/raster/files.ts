import { isAbsolute } from 'node:path';
import type { HttpClient } from '../base/net';
import { HttpSource } from './bytes/http';
import { LocalSource } from './bytes/local';
import { unreadable } from './bytes/unreadable';
import type { FileSource } from './source';
import { openTiff, type TiffFile } from './tiff/open';

interface Opened {
  readonly source: FileSource;
  readonly file: Promise<TiffFile>;
  checkedAt: number;
  checking?: Promise<boolean>;
}

/** Files kept open; beyond it those unused for longest are closed. */
const maxOpen = 512;
/** For how long a file is believed to be the same without looking. */
const trustMs = { local: 1000, http: 60_000 };

const isOpenable = (href: string) => /^https?:\/\//i.test(href) || isAbsolute(href);

/** Raster files by address, opened once and again when they change. */
export class FilePool {
  readonly #opened = new Map<string, Opened>();

  constructor(
    readonly http: HttpClient,
    readonly now: () => number = Date.now,
  ) {}

  /** @throws OpenEOError `SourceUnreadable`, `HostNotAllowed`; the signal's reason. */
  async open(href: string, signal?: AbortSignal, given?: FileSource): Promise<TiffFile> {
    signal?.throwIfAborted();
    // Names of given sources open nothing by themselves, so that no document can refer to them.
    if (!given && !isOpenable(href)) throw unreadable(href, 'it is neither a file nor a web address');
    let opened = this.#opened.get(href);
    if (opened && !(await this.#isCurrent(opened))) {
      this.#drop(href, opened);
      opened = this.#opened.get(href);
    }
    if (!opened) {
      const source = given ?? this.#source(href);
      const created: Opened = { source, file: openTiff(source), checkedAt: this.now() };
      created.file.catch(() => this.#drop(href, created));
      opened = created;
    }
    this.#opened.delete(href);
    this.#opened.set(href, opened);
    if (this.#opened.size > maxOpen) {
      const [oldest, entry] = this.#opened.entries().next().value!;
      this.#drop(oldest, entry);
    }
    const file = await opened.file;
    signal?.throwIfAborted();
    return file;
  }

  #source(href: string): FileSource {
    if (/^https?:\/\//i.test(href)) return new HttpSource(href, this.http);
    return new LocalSource(href);
  }

  async #isCurrent(opened: Opened): Promise<boolean> {
    const trust = opened.source instanceof LocalSource ? trustMs.local : trustMs.http;
    if (this.now() - opened.checkedAt < trust) return true;
    opened.checking ??= opened.file
      .then(
        () => opened.source.isCurrent(),
        () => false,
      )
      .catch(() => true)
      .then((isCurrent) => {
        opened.checkedAt = this.now();
        opened.checking = undefined;
        return isCurrent;
      });
    return opened.checking;
  }

  #drop(href: string, opened: Opened): void {
    if (this.#opened.get(href) !== opened) return;
    this.#opened.delete(href);
    void opened.source.close();
  }

  async close(): Promise<void> {
    const all = [...this.#opened.values()];
    this.#opened.clear();
    await Promise.all(all.map(({ source }) => source.close()));
  }
}
