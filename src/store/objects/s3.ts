import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { OpenEOError, SetupError } from '../../base/errors';
import { Limiter } from '../../base/limiter';
import type { Logger } from '../../base/logger';
import { boundedChunks, equalParts } from './body';
import { folderSegments, keySegments, maxKeyBytes } from './keys';
import { createS3Client, md5, type S3Location, type S3Settings } from './s3-client';
import {
  isAmbiguous,
  isNoSuchKey,
  isNotImplemented,
  isPassing,
  isPreconditionFailed,
  statusOf,
  translateS3Error,
} from './s3-errors';
import { resumingBody } from './s3-read';
import { type RetryPolicy, usualRetries, withRetries } from './s3-retry';
import { partBytesFor, removeAbandonedUploads, uploadParts } from './s3-upload';
import type { ObjectInfo, ObjectStore, PresignOptions, PutOptions } from './types';

export interface S3Options {
  readonly logger: Logger;
  readonly retries?: RetryPolicy;
  /** How long an answer may take to begin, and a body to bring its next byte. */
  readonly answerMs?: number;
}

/** As many keys as one list answer and one removal may hold. */
const pageSize = 1000;
const removalsAtOnce = 16;
/** Marks a conditional write, so that its writer knows its own work after a lost answer. */
const writeIdKey = 'write-id';

/**
 * Objects in a bucket. A bucket that cannot be reached now is tried again with every request.
 * @throws Error for what waiting does not mend: no such bucket, no credentials, no permission
 */
export async function openS3(
  location: S3Location,
  settings: S3Settings,
  options: S3Options,
): Promise<ObjectStore> {
  const retries = options.retries ?? usualRetries;
  const answerMs = options.answerMs ?? 60_000;
  const client = createS3Client(settings, answerMs);
  const { bucket } = location;
  const prefix = location.prefix === '' ? '' : `${location.prefix}/`;
  try {
    await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 }));
  } catch (error) {
    const { name, message } = error as Error;
    if (!isPassing(error)) {
      client.destroy();
      throw new SetupError(`The bucket ${bucket} cannot be used: ${name}: ${message}`, { cause: error });
    }
    options.logger.warning('The object storage cannot be reached; it is tried again with every request', {
      bucket,
      error,
    });
  }
  removeAbandonedUploads(client, bucket, prefix).catch((error: unknown) =>
    options.logger.debug('Unfinished uploads were not looked for', { bucket, error }),
  );
  return new S3(client, bucket, prefix, { ...options, retries, answerMs });
}

function plainEtag(etag: string | undefined): string {
  return (etag ?? '').replace(/^W\//, '').replaceAll('"', '');
}

class S3 implements ObjectStore {
  readonly isTree = false;
  readonly #isExclusive: { known?: Promise<boolean> } = {};
  /** Conditional writes of this process to one key, one after the other, where the server cannot tell. */
  readonly #turns = new Map<string, Limiter>();

  constructor(
    readonly client: S3Client,
    readonly bucket: string,
    readonly prefix: string,
    readonly options: Required<S3Options>,
  ) {}

  async head(key: string): Promise<ObjectInfo | undefined> {
    const target = this.#target(key);
    return this.#try(undefined, async () => {
      try {
        const answer = await this.client.send(new HeadObjectCommand(target));
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
    const target = this.#target(key);
    const found = await this.#try(undefined, async () => {
      try {
        const Range = range && `bytes=${range.start}-${range.end}`;
        return await this.client.send(new GetObjectCommand({ ...target, ...(Range && { Range }) }));
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
    const { retries, answerMs } = this.options;
    const body = resumingBody(this.client, target, found, { start, end }, { retries, idleMs: answerMs });
    return { info, body };
  }

  async put(
    key: string,
    body: Readable | Uint8Array,
    options: PutOptions = {},
  ): Promise<ObjectInfo | undefined> {
    const target = this.#target(key);
    if (options.condition !== 'absent') return this.#write(key, target, body, options, {});
    if (await this.isExclusive()) return this.#write(key, target, body, options, { IfNoneMatch: '*' });
    return this.#inTurn(key, async () =>
      (await this.head(key)) ? undefined : this.#write(key, target, body, options, {}),
    );
  }

  async remove(key: string): Promise<boolean> {
    const target = this.#target(key);
    if (!(await this.head(key))) return false;
    await this.#try(undefined, () => this.client.send(new DeleteObjectCommand(target)));
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
      const answer = await this.#try(undefined, () =>
        this.client.send(
          new ListObjectsV2Command({
            Bucket: this.bucket,
            Prefix: this.prefix + (folder && `${folder}/`),
            ...(after !== '' && { StartAfter: this.prefix + after }),
            MaxKeys: Math.min(pageSize, limit - items.length),
          }),
        ),
      );
      for (const { Key = '', Size = 0, LastModified = new Date(0), ETag } of answer.Contents ?? []) {
        after = Key.slice(this.prefix.length);
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
      await this.#removeKeys(items.map(({ key }) => key));
      count += items.length;
      after = next;
    }
    return count;
  }

  /**
   * Asked of the server once, by writing twice: some ignore the condition without a word.
   * @throws OpenEOError `StorageUnavailable`
   */
  isExclusive(): Promise<boolean> {
    this.#isExclusive.known ??= this.#probe().catch((error: unknown) => {
      this.#isExclusive.known = undefined;
      throw error;
    });
    return this.#isExclusive.known;
  }

  async link(): Promise<boolean> {
    return false;
  }

  async presign(key: string, options: PresignOptions): Promise<string> {
    const target = this.#target(key);
    const { contentType, cacheControl, fileName, expiresSeconds: expiresIn } = options;
    try {
      if (options.method === 'PUT') {
        const headers = { ContentType: contentType, CacheControl: cacheControl };
        return await getSignedUrl(this.client, new PutObjectCommand({ ...target, ...headers }), {
          expiresIn,
          // Otherwise whoever holds the address could store another type.
          signableHeaders: new Set(['content-type', 'cache-control']),
        });
      }
      const command = new GetObjectCommand({
        ...target,
        ResponseContentType: contentType,
        ResponseCacheControl: cacheControl,
        ResponseContentDisposition:
          fileName && `attachment; filename*=UTF-8''${encodeURIComponent(fileName).replaceAll("'", '%27')}`,
      });
      return await getSignedUrl(this.client, command, { expiresIn });
    } catch (error) {
      throw translateS3Error(error);
    }
  }

  async close(): Promise<void> {
    this.client.destroy();
  }

  #target(key: string): { readonly Bucket: string; readonly Key: string } {
    keySegments(key);
    const full = this.prefix + key;
    if (Buffer.byteLength(full) > maxKeyBytes)
      throw new OpenEOError('FilePathInvalid', {
        reason: `with the bucket's prefix it is longer than ${maxKeyBytes} bytes.`,
      });
    return { Bucket: this.bucket, Key: full };
  }

  async #try<T>(
    signal: AbortSignal | undefined,
    task: (before: readonly unknown[]) => Promise<T>,
  ): Promise<T> {
    try {
      return await withRetries(this.options.retries, signal, task);
    } catch (error) {
      throw signal?.aborted ? signal.reason : translateS3Error(error);
    }
  }

  async #probe(): Promise<boolean> {
    const target = { Bucket: this.bucket, Key: `${this.prefix}.incoming/${randomUUID()}` };
    const put = (Body: Uint8Array) =>
      this.client.send(new PutObjectCommand({ ...target, Body, IfNoneMatch: '*' }));
    return this.#try(undefined, async () => {
      try {
        await put(Buffer.from('first'));
        await put(Buffer.from('second'));
      } catch (error) {
        if (isPreconditionFailed(error)) return true;
        if (!isNotImplemented(error)) throw error;
      } finally {
        await this.client.send(new DeleteObjectCommand(target)).catch(() => {});
      }
      this.options.logger.warning('The object storage has no conditional writes', { bucket: this.bucket });
      return false;
    });
  }

  async #inTurn<T>(key: string, task: () => Promise<T>): Promise<T> {
    const turn = this.#turns.get(key) ?? new Limiter(1);
    this.#turns.set(key, turn);
    try {
      return await turn.run(task);
    } finally {
      if (turn.running === 0 && turn.waiting === 0) this.#turns.delete(key);
    }
  }

  /** One request for what fits into a part, several for more. Undefined: the condition does not hold. */
  async #write(
    key: string,
    target: { readonly Bucket: string; readonly Key: string },
    body: Readable | Uint8Array,
    options: PutOptions,
    condition: { readonly IfNoneMatch?: string },
  ): Promise<ObjectInfo | undefined> {
    const { signal, contentType: ContentType, cacheControl: CacheControl } = options;
    const writeId = randomUUID();
    const headers = {
      ...(ContentType !== undefined && { ContentType }),
      ...(CacheControl !== undefined && { CacheControl }),
      ...(condition.IfNoneMatch !== undefined && { Metadata: { [writeIdKey]: writeId } }),
    };
    const isOurs = async () =>
      (await this.client.send(new HeadObjectCommand(target))).Metadata?.[writeIdKey] === writeId;
    let refusal: { error: unknown } | undefined;
    async function* chunks(): AsyncGenerator<Uint8Array> {
      try {
        yield* boundedChunks(body, options);
      } catch (error) {
        refusal = { error };
        throw error;
      }
    }
    const parts = equalParts(chunks(), partBytesFor(options.expectedBytes));
    const first = (await parts.next()).value ?? new Uint8Array();
    const second = first.length > 0 ? await parts.next() : undefined;
    const info = (etag: string | undefined, size: number): ObjectInfo => ({
      key,
      size,
      // The server tells its time only to those who ask; it has no parts of seconds.
      modified: new Date(Math.floor(Date.now() / 1000) * 1000),
      etag: plainEtag(etag),
    });
    if (!second || second.done) {
      const ContentMD5 = md5(first);
      return this.#try(signal, async (before) => {
        try {
          const answer = await this.client.send(
            new PutObjectCommand({ ...target, ...headers, ...condition, Body: first, ContentMD5 }),
            { abortSignal: signal },
          );
          return info(answer.ETag, first.length);
        } catch (error) {
          if (!isPreconditionFailed(error)) throw error;
          return before.some(isAmbiguous) && (await isOurs()) ? this.head(key) : undefined;
        }
      });
    }
    async function* all(): AsyncGenerator<Uint8Array> {
      yield first;
      yield second?.value as Uint8Array;
      yield* parts;
    }
    try {
      const { retries } = this.options;
      const upload = { client: this.client, retries, signal };
      const { etag, size } = await uploadParts(upload, target, all(), headers, condition);
      return info(etag, size);
    } catch (error) {
      signal?.throwIfAborted();
      if (refusal) throw refusal.error;
      if (isPreconditionFailed(error) || isNoSuchKey(error))
        return (await this.#try(signal, isOurs)) ? this.head(key) : undefined;
      throw translateS3Error(error);
    } finally {
      await parts.return(undefined);
    }
  }

  async #removeKeys(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const Objects = keys.map((key) => ({ Key: this.prefix + key }));
    let rest: readonly { Key: string }[] = Objects;
    try {
      const { Errors = [] } = await this.#try(undefined, () =>
        this.client.send(new DeleteObjectsCommand({ Bucket: this.bucket, Delete: { Objects, Quiet: true } })),
      );
      rest = Errors.flatMap(({ Key }) => (Key === undefined ? [] : [{ Key }]));
    } catch (error) {
      // Some services cannot remove many in one request.
      if (error instanceof OpenEOError && error.code === 'StorageUnavailable') throw error;
    }
    const limiter = new Limiter(removalsAtOnce);
    await Promise.all(
      rest.map(({ Key }) =>
        limiter.run(() =>
          this.#try(undefined, () => this.client.send(new DeleteObjectCommand({ Bucket: this.bucket, Key }))),
        ),
      ),
    );
  }
}
