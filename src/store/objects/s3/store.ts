import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3';
import { folderSegments } from '../keys';
import type { ObjectInfo, ObjectStore, PresignOptions, PutOptions } from '../types';
import { type Bucket, pageSize, plainEtag } from './bucket';
import { isNoSuchKey, statusOf } from './errors';
import { Exclusive } from './exclusive';
import { presign } from './presign';
import { resumingBody } from './read';
import { removeKeys } from './remove';
import { writeObject } from './write';

/** The object store of a bucket. */
export class S3Store implements ObjectStore {
  readonly isTree = false;
  readonly #exclusive: Exclusive;

  constructor(private readonly bucket: Bucket) {
    this.#exclusive = new Exclusive(bucket);
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const target = this.bucket.target(key);
    return this.bucket.ask(undefined, async () => {
      try {
        const answer = await this.bucket.client.send(new HeadObjectCommand(target));
        return {
          key,
          size: answer.ContentLength ?? 0,
          modified: answer.LastModified ?? new Date(0),
          etag: plainEtag(answer.ETag),
        };
      } catch (error) {
        if (isNoSuchKey(error)) return undefined;
        throw error;
      }
    });
  }

  async get(
    key: string,
    range?: { readonly start: number; readonly end: number },
  ): Promise<{ readonly info: ObjectInfo; readonly body: Readable } | undefined> {
    const target = this.bucket.target(key);
    const found = await this.bucket.ask(undefined, async () => {
      try {
        const Range = range && `bytes=${range.start}-${range.end}`;
        return await this.bucket.client.send(new GetObjectCommand({ ...target, ...(Range && { Range }) }));
      } catch (error) {
        if (isNoSuchKey(error)) return undefined;
        if (range && (statusOf(error) === 416 || statusOf(error) === 400)) return 'beyond' as const;
        throw error;
      }
    });
    if (found === 'beyond' || (range && range.start > range.end)) {
      if (typeof found === 'object') (found.Body as Readable).destroy();
      const info = await this.head(key);
      return info && { info, body: Readable.from([]) };
    }
    if (!found) return undefined;
    const total = Number(/\/(\d+)$/.exec(found.ContentRange ?? '')?.[1] ?? found.ContentLength ?? 0);
    const start = found.ContentRange === undefined ? 0 : (range?.start ?? 0);
    const info = {
      key,
      size: total,
      modified: found.LastModified ?? new Date(0),
      etag: plainEtag(found.ETag),
    };
    const end = start + (found.ContentLength ?? 0) - 1;
    const { retries, answerMs } = this.bucket.options;
    const body = resumingBody(
      this.bucket.client,
      target,
      found,
      { start, end },
      { retries, idleMs: answerMs },
    );
    return { info, body };
  }

  async put(
    key: string,
    body: Readable | Uint8Array,
    options: PutOptions = {},
  ): Promise<ObjectInfo | undefined> {
    const target = this.bucket.target(key);
    const write = async (condition: { readonly IfNoneMatch?: string } = {}) => {
      const written = await writeObject(this.bucket, target, body, options, condition);
      if (written === 'refused') return undefined;
      return written === 'known' ? this.head(key) : { key, ...written };
    };
    if (options.condition !== 'absent') return write();
    if (await this.#exclusive.isHeld()) return write({ IfNoneMatch: '*' });
    return this.#exclusive.inTurn(key, async () => ((await this.head(key)) ? undefined : write()));
  }

  async remove(key: string): Promise<boolean> {
    const target = this.bucket.target(key);
    if (!(await this.head(key))) return false;
    await this.bucket.ask(undefined, () => this.bucket.client.send(new DeleteObjectCommand(target)));
    return true;
  }

  async list(
    prefix: string,
    page: { readonly limit?: number; readonly after?: string } = {},
  ): Promise<{ readonly items: readonly ObjectInfo[]; readonly next?: string }> {
    const limit = Math.max(1, page.limit ?? Number.POSITIVE_INFINITY);
    const folder = folderSegments(prefix).join('/');
    const items: ObjectInfo[] = [];
    let after = page.after ?? '';
    for (;;) {
      const answer = await this.bucket.ask(undefined, () =>
        this.bucket.client.send(
          new ListObjectsV2Command({
            Bucket: this.bucket.name,
            Prefix: this.bucket.prefix + (folder && `${folder}/`),
            ...(after !== '' && { StartAfter: this.bucket.prefix + after }),
            MaxKeys: Math.min(pageSize, limit - items.length),
          }),
        ),
      );
      for (const { Key = '', Size = 0, LastModified = new Date(0), ETag } of answer.Contents ?? []) {
        after = Key.slice(this.bucket.prefix.length);
        // Consoles mark folders by empty objects.
        if (!Key.endsWith('/'))
          items.push({ key: after, size: Size, modified: LastModified, etag: plainEtag(ETag) });
      }
      if (!answer.IsTruncated || !answer.Contents?.length) return { items };
      if (items.length >= limit) return { items, next: after };
    }
  }

  /** A bucket has what it has acknowledged. */
  async sync(): Promise<void> {}

  async removeAll(prefix: string): Promise<number> {
    let count = 0;
    for (let after: string | undefined = ''; after !== undefined; ) {
      const { items, next }: Awaited<ReturnType<ObjectStore['list']>> = await this.list(prefix, {
        limit: pageSize,
        after,
      });
      await removeKeys(
        this.bucket,
        items.map(({ key }) => key),
      );
      count += items.length;
      after = next;
    }
    return count;
  }

  isExclusive(): Promise<boolean> {
    return this.#exclusive.isHeld();
  }

  async link(): Promise<boolean> {
    return false;
  }

  async presign(key: string, options: PresignOptions): Promise<string> {
    return presign(this.bucket, this.bucket.target(key), options);
  }

  async close(): Promise<void> {
    this.bucket.client.destroy();
  }
}
