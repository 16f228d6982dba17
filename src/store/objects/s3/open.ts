import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { SetupError } from '../../../base/errors';
import type { ObjectStore } from '../types';
import { Bucket, type S3Options } from './bucket';
import { createS3Client, type S3Location, type S3Settings } from './client';
import { isPassing } from './errors';
import { usualRetries } from './retry';
import { S3Store } from './store';
import { removeAbandonedUploads } from './upload';

/**
 * Objects in a bucket. A bucket that cannot be reached now is tried again with every request.
 * @throws SetupError for what waiting does not mend: no such bucket, no credentials, no permission
 */
export async function openS3(
  { bucket, prefix: folder }: S3Location,
  settings: S3Settings,
  options: Pick<S3Options, 'logger'> & Partial<S3Options>,
): Promise<ObjectStore> {
  const { logger, retries = usualRetries, answerMs = 60_000 } = options;
  const client = createS3Client(settings, answerMs);
  const prefix = folder === '' ? '' : `${folder}/`;
  try {
    await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 }));
  } catch (error) {
    const { name, message } = error as Error;
    if (!isPassing(error)) {
      client.destroy();
      throw new SetupError(`The bucket ${bucket} cannot be used: ${name}: ${message}`, { cause: error });
    }
    logger.warning('The object storage cannot be reached; it is tried again with every request', {
      bucket,
      error,
    });
  }
  removeAbandonedUploads(client, bucket, prefix).catch((error: unknown) =>
    logger.debug('Unfinished uploads were not looked for', { bucket, error }),
  );
  return new S3Store(new Bucket(client, bucket, prefix, { logger, retries, answerMs }));
}
