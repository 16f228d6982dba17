import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { boundedChunks, equalParts } from '../body';
import type { ObjectInfo, PutOptions } from '../types';
import { type Bucket, type ObjectTarget, plainEtag } from './bucket';
import { md5 } from './client';
import { isAmbiguous, isNoSuchKey, isPreconditionFailed, translateS3Error } from './errors';
import { partBytesFor, uploadParts } from './upload';

/** Marks a conditional write, so that its writer knows its own work after a lost answer. */
const writeIdKey = 'write-id';

/** What became of a write: `refused` where its condition does not hold, `known` where it is done and not described. */
export type Written = Omit<ObjectInfo, 'key'> | 'refused' | 'known';

function info(etag: string | undefined, size: number): Omit<ObjectInfo, 'key'> {
  // The server tells its time only to those who ask; it has no parts of seconds.
  return { size, modified: new Date(Math.floor(Date.now() / 1000) * 1000), etag: plainEtag(etag) };
}

/**
 * Stores an object: by one request where it fits into a part, by several otherwise.
 * @param condition of the server's, as it can keep it
 * @throws OpenEOError storage errors; what the body throws; the signal's reason
 */
export async function writeObject(
  bucket: Bucket,
  target: ObjectTarget,
  body: Readable | Uint8Array,
  options: PutOptions,
  condition: { readonly IfNoneMatch?: string },
): Promise<Written> {
  const { client } = bucket;
  const { signal, contentType: ContentType, cacheControl: CacheControl } = options;
  const writeId = randomUUID();
  const headers = {
    ...(ContentType !== undefined && { ContentType }),
    ...(CacheControl !== undefined && { CacheControl }),
    ...(condition.IfNoneMatch !== undefined && { Metadata: { [writeIdKey]: writeId } }),
  };
  const isOurs = async () =>
    (await client.send(new HeadObjectCommand(target))).Metadata?.[writeIdKey] === writeId;
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
  if (!second || second.done) {
    const ContentMD5 = md5(first);
    const put = { ...target, ...headers, ...condition, Body: first, ContentMD5 };
    return bucket.ask(signal, async (before) => {
      try {
        const answer = await client.send(new PutObjectCommand(put), { abortSignal: signal });
        return info(answer.ETag, first.length);
      } catch (error) {
        if (!isPreconditionFailed(error)) throw error;
        return before.some(isAmbiguous) && (await isOurs()) ? 'known' : 'refused';
      }
    });
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    yield first;
    yield second?.value as Uint8Array;
    yield* parts;
  }
  try {
    const upload = { client, retries: bucket.options.retries, signal };
    const { etag, size } = await uploadParts(upload, target, all(), headers, condition);
    return info(etag, size);
  } catch (error) {
    signal?.throwIfAborted();
    if (refusal) throw refusal.error;
    if (isPreconditionFailed(error) || isNoSuchKey(error))
      return (await bucket.ask(signal, isOurs)) ? 'known' : 'refused';
    throw translateS3Error(error);
  } finally {
    await parts.return(undefined);
  }
}
