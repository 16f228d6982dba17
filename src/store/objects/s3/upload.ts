import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { ObjectTarget } from './bucket';
import { md5 } from './client';
import { type RetryPolicy, withRetries } from './retry';

interface Context {
  readonly client: S3Client;
  readonly retries: RetryPolicy;
  readonly signal?: AbortSignal;
}

const mebibyte = 1024 ** 2;
/** R2 wants equal parts; AWS at least 5 MiB and at most 10,000 of them. */
const usualPartBytes = 8 * mebibyte;
const maxParts = 10_000;
const partsAtOnce = 3;
const abandonedAfterMs = 24 * 60 * 60 * 1000;

/** How large parts must be so that a body of so many bytes fits. */
export function partBytesFor(expectedBytes = 0): number {
  return Math.max(usualPartBytes, Math.ceil((expectedBytes * 1.1) / maxParts / mebibyte) * mebibyte);
}

/**
 * Uploads parts, several at once, and puts them together. Where that fails, the parts are given back.
 * @param complete further arguments of the last step, for example its condition
 * @returns the new object's etag and size
 */
export async function uploadParts(
  { client, retries, signal }: Context,
  target: ObjectTarget,
  parts: AsyncIterable<Uint8Array>,
  headers: Record<string, unknown>,
  complete: { readonly IfNoneMatch?: string },
): Promise<{ readonly etag?: string; readonly size: number }> {
  const options = { abortSignal: signal };
  const { UploadId } = await withRetries(retries, signal, () =>
    client.send(new CreateMultipartUploadCommand({ ...target, ...headers }), options),
  );
  const done: CompletedPart[] = [];
  const running = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  const send = async (bytes: Uint8Array, PartNumber: number) => {
    const ContentMD5 = md5(bytes);
    const answer = await withRetries(retries, signal, () =>
      client.send(
        new UploadPartCommand({ ...target, UploadId, PartNumber, Body: bytes, ContentMD5 }),
        options,
      ),
    );
    done.push({ PartNumber, ETag: answer.ETag });
  };
  try {
    let size = 0;
    let number = 0;
    for await (const bytes of parts) {
      size += bytes.length;
      const part = send(bytes, ++number)
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => running.delete(part));
      running.add(part);
      if (running.size >= partsAtOnce) await Promise.race(running);
      if (failure) throw failure.error;
    }
    await Promise.all(running);
    if (failure) throw failure.error;
    const Parts = done.sort((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
    const answer = await withRetries(retries, signal, () =>
      client.send(
        new CompleteMultipartUploadCommand({ ...target, UploadId, ...complete, MultipartUpload: { Parts } }),
        options,
      ),
    );
    return { etag: answer.ETag, size };
  } catch (error) {
    await Promise.all(running);
    await withRetries(retries, undefined, () =>
      client.send(new AbortMultipartUploadCommand({ ...target, UploadId })),
    ).catch(() => {});
    throw error;
  }
}

/** Gives back the parts of uploads that a crash left unfinished long ago. */
export async function removeAbandonedUploads(
  client: S3Client,
  bucket: string,
  prefix: string,
): Promise<number> {
  const { Uploads = [] } = await client.send(
    new ListMultipartUploadsCommand({ Bucket: bucket, ...(prefix !== '' && { Prefix: prefix }) }),
  );
  const old = Uploads.filter(
    ({ Initiated }) => Initiated && Date.now() - Initiated.getTime() > abandonedAfterMs,
  );
  for (const { Key, UploadId } of old)
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
  return old.length;
}
