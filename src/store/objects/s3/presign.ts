import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { PresignOptions } from '../types';
import type { Bucket, ObjectTarget } from './bucket';
import { translateS3Error } from './errors';

/** An address for one object that works without further credentials. @throws OpenEOError `StorageFailure` */
export async function presign(
  { client }: Bucket,
  target: ObjectTarget,
  { method, contentType, cacheControl, fileName, expiresSeconds: expiresIn }: PresignOptions,
): Promise<string> {
  try {
    if (method === 'PUT') {
      const headers = { ContentType: contentType, CacheControl: cacheControl };
      return await getSignedUrl(client, new PutObjectCommand({ ...target, ...headers }), {
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
    return await getSignedUrl(client, command, { expiresIn });
  } catch (error) {
    throw translateS3Error(error);
  }
}
