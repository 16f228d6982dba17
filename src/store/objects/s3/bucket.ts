import type { S3Client } from '@aws-sdk/client-s3';
import { OpenEOError } from '../../../base/errors';
import type { Logger } from '../../../base/logger';
import { keySegments, maxKeyBytes } from '../keys';
import { translateS3Error } from './errors';
import { type RetryPolicy, withRetries } from './retry';

export interface S3Options {
  readonly logger: Logger;
  readonly retries: RetryPolicy;
  /** How long an answer may take to begin, and a body to bring its next byte. */
  readonly answerMs: number;
}

/** What requests name an object by. */
export interface ObjectTarget {
  readonly Bucket: string;
  readonly Key: string;
}

/** As many keys as one list answer and one removal may hold. */
export const pageSize = 1000;

/** A bucket, or what lies below a prefix of one, and how it is asked. */
export class Bucket {
  constructor(
    readonly client: S3Client,
    readonly name: string,
    /** With a slash at its end, or empty. */
    readonly prefix: string,
    readonly options: S3Options,
  ) {}

  /** @throws OpenEOError `FilePathInvalid` for keys that the bucket cannot hold */
  target(key: string): ObjectTarget {
    keySegments(key);
    const full = this.prefix + key;
    if (Buffer.byteLength(full) > maxKeyBytes)
      throw new OpenEOError('FilePathInvalid', {
        reason: `with the bucket's prefix it is longer than ${maxKeyBytes} bytes.`,
      });
    return { Bucket: this.name, Key: full };
  }

  /**
   * Asks until it is answered, or there is no hope.
   * @throws OpenEOError `StorageUnavailable`, `StorageFailure`; the signal's reason
   */
  async ask<T>(
    signal: AbortSignal | undefined,
    task: (before: readonly unknown[]) => Promise<T>,
  ): Promise<T> {
    try {
      return await withRetries(this.options.retries, signal, task);
    } catch (error) {
      throw signal?.aborted ? signal.reason : translateS3Error(error);
    }
  }
}

/** The tag without what quotes it and calls it weak. */
export function plainEtag(etag: string | undefined): string {
  return (etag ?? '').replace(/^W\//, '').replaceAll('"', '');
}
