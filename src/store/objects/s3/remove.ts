import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3';
import { OpenEOError } from '../../../base/errors';
import { Limiter } from '../../../base/limiter';
import type { Bucket } from './bucket';

const removalsAtOnce = 16;

/** Removes objects, in one request where the service can, else one by one. @param keys at most a page of them */
export async function removeKeys(bucket: Bucket, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  const { client, name } = bucket;
  const Objects = keys.map((key) => ({ Key: bucket.prefix + key }));
  let rest: readonly { Key: string }[] = Objects;
  try {
    const { Errors = [] } = await bucket.ask(undefined, () =>
      client.send(new DeleteObjectsCommand({ Bucket: name, Delete: { Objects, Quiet: true } })),
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
        bucket.ask(undefined, () => client.send(new DeleteObjectCommand({ Bucket: name, Key }))),
      ),
    ),
  );
}
