import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { Limiter } from '../../../base/limiter';
import type { Bucket } from './bucket';
import { isNotImplemented, isPreconditionFailed } from './errors';

/** Whether a bucket can write only where nothing is, and what stands in for that where it cannot. */
export class Exclusive {
  #known: Promise<boolean> | undefined;
  /** Conditional writes of this process to one key, one after the other, where the server cannot tell. */
  readonly #turns = new Map<string, Limiter>();

  constructor(private readonly bucket: Bucket) {}

  /**
   * Asked of the server once, by writing twice: some ignore the condition without a word.
   * @throws OpenEOError `StorageUnavailable`
   */
  isHeld(): Promise<boolean> {
    this.#known ??= this.#probe().catch((error: unknown) => {
      this.#known = undefined;
      throw error;
    });
    return this.#known;
  }

  /** Runs tasks of one key one after the other. */
  async inTurn<T>(key: string, task: () => Promise<T>): Promise<T> {
    const turn = this.#turns.get(key) ?? new Limiter(1);
    this.#turns.set(key, turn);
    try {
      return await turn.run(task);
    } finally {
      if (turn.running === 0 && turn.waiting === 0) this.#turns.delete(key);
    }
  }

  async #probe(): Promise<boolean> {
    const { client, name, prefix, options } = this.bucket;
    const target = { Bucket: name, Key: `${prefix}.incoming/${randomUUID()}` };
    const put = (Body: Uint8Array) =>
      client.send(new PutObjectCommand({ ...target, Body, IfNoneMatch: '*' }));
    return this.bucket.ask(undefined, async () => {
      try {
        await put(Buffer.from('first'));
        await put(Buffer.from('second'));
      } catch (error) {
        if (isPreconditionFailed(error)) return true;
        if (!isNotImplemented(error)) throw error;
      } finally {
        await client.send(new DeleteObjectCommand(target)).catch(() => {});
      }
      options.logger.warning('The object storage has no conditional writes', { bucket: name });
      return false;
    });
  }
}
