import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

const newline = 0x0a;

interface Waiting {
  readonly line: string;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * A file of JSON lines that only ever grows. A record is on the disk when its `append` resolves; a line that a crash
 * cut off is ignored and taken away when the file is opened again. One process at a time may have it open.
 */
export class Journal {
  readonly #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  private constructor(readonly file: FileHandle) {}

  /**
   * Opens a journal, made with its folder where it is missing, and hands over its records one by one.
   * @throws the file system's errors
   */
  static async open(path: string, onRecord: (record: unknown) => void): Promise<Journal> {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, 'a+');
    try {
      const { size } = await file.stat();
      const whole = await readLines(file, onRecord);
      if (whole < size) await file.truncate(whole);
      return new Journal(file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Records of the same moment share one wait for the disk. @throws the file system's errors */
  append(record: unknown): Promise<void> {
    const line = `${JSON.stringify(record)}\n`;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line, resolve, reject });
      this.#running ??= this.#write();
    });
  }

  async close(): Promise<void> {
    await this.#running;
    await this.file.close();
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0);
      try {
        await this.#writeLines(group.map(({ line }) => line).join(''));
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    // Here and not later: an append in between would wait for nobody.
    this.#running = undefined;
  }

  /** All of it or nothing: half a line would spoil the one after it. */
  async #writeLines(text: string): Promise<void> {
    const { size } = await this.file.stat();
    try {
      await this.file.appendFile(text);
      await this.file.datasync();
    } catch (error) {
      await this.file.truncate(size).catch(() => {});
      throw error;
    }
  }
}

/** Resolves to the length of all whole lines. Lines that are no JSON are passed over. */
async function readLines(file: FileHandle, onRecord: (record: unknown) => void): Promise<number> {
  let whole = 0;
  let rest = Buffer.alloc(0);
  for await (const chunk of file.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Buffer>) {
    const bytes = Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      readLine(bytes.toString('utf8', start, end), onRecord);
      start = end + 1;
    }
    whole += start;
    rest = bytes.subarray(start);
  }
  return whole;
}

function readLine(line: string, onRecord: (record: unknown) => void): void {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return;
  }
  onRecord(record);
}
