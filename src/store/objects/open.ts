import { fileURLToPath } from 'node:url';
import { redactUrl } from '../../base/addresses';
import { SetupError } from '../../base/errors';
import type { Logger } from '../../base/logger';
import { openDisk } from './disk';
import type { S3Settings } from './s3/client';
import type { ObjectStore } from './types';

export interface ObjectStoreOptions {
  readonly logger: Logger;
  /** How the service of `s3:` addresses is reached. */
  readonly s3?: S3Settings;
}

/**
 * Opens the object store of a URL: `file:///absolute/path` keeps objects as files below that folder,
 * `s3://bucket/prefix` in a bucket.
 * @throws SetupError for other URLs, and where the folder or the bucket cannot be used
 */
export async function openObjectStore(url: string, options: ObjectStoreOptions): Promise<ObjectStore> {
  if (url.startsWith('s3:')) return openBucket(url, options);
  let folder: string;
  try {
    folder = fileURLToPath(url);
  } catch {
    throw refused(url);
  }
  const store = await openDisk(folder);
  options.logger.debug('Objects are kept on disk', { folder });
  return store;
}

async function openBucket(url: string, { logger, s3 = {} }: ObjectStoreOptions): Promise<ObjectStore> {
  // The client takes a moment to load, and most servers keep their objects on disk.
  const { openS3 } = require('./s3/open') as typeof import('./s3/open');
  const { parseS3Url } = require('./s3/client') as typeof import('./s3/client');
  const location = parseS3Url(url);
  if (!location) throw refused(url);
  const store = await openS3(location, s3, { logger });
  logger.debug('Objects are kept in a bucket', { bucket: location.bucket, prefix: location.prefix });
  return store;
}

function refused(url: string): SetupError {
  const accepted = ['file:///absolute/path', 's3://bucket/prefix'];
  return new SetupError(
    `The object store address "${redactUrl(url)}" cannot be used. Accepted are:\n${accepted.map((form) => `- ${form}`).join('\n')}`,
  );
}
