import { createHash } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';

/** How an S3 service is reached; credentials come from the standard AWS environment. */
export interface S3Settings {
  /** For services other than AWS, for example `https://ACCOUNT.r2.cloudflarestorage.com`. */
  readonly endpoint?: string;
  /** Default: `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's; `us-east-1` where an endpoint is set. */
  readonly region?: string;
  /** The bucket in the path instead of the host name. */
  readonly isPathStyle?: boolean;
}

export interface S3Location {
  readonly bucket: string;
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string;
}

/** Connections at once; further requests wait for one. */
const maxConnections = 64;
const connectMs = 10_000;

/** Splits `s3://bucket/prefix`. Undefined: it is none, or the bucket's name cannot be one. */
export function parseS3Url(url: string): S3Location | undefined {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([^?#]*))?$/.exec(url);
  if (!match) return undefined;
  try {
    const prefix = decodeURIComponent(match[2] ?? '').replace(/^\/+|\/+$/g, '');
    return { bucket: match[1], prefix };
  } catch {
    return undefined;
  }
}

export function createS3Client(settings: S3Settings, answerMs: number): S3Client {
  const environment = process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'];
  const region = settings.region ?? environment ?? (settings.endpoint ? 'us-east-1' : undefined);
  const agent = { keepAlive: true, maxSockets: maxConnections };
  const client = new S3Client({
    ...(settings.endpoint !== undefined && { endpoint: settings.endpoint }),
    ...(region !== undefined && { region }),
    forcePathStyle: settings.isPathStyle ?? false,
    // Repeating is ours (`retry.ts`).
    maxAttempts: 1,
    // R2 and others refuse the checksums that the client adds by itself; ours are MD5, which all servers check.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: connectMs,
      requestTimeout: answerMs,
      throwOnRequestTimeout: true,
      socketAcquisitionWarningTimeout: 24 * 60 * 60 * 1000,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
  // Removing many objects in one request demands a checksum, and some servers know only this one.
  client.middlewareStack.add(
    (next) => (context) => {
      const request = context.request as { body?: unknown; headers: Record<string, string> };
      if (typeof request.body === 'string' || request.body instanceof Uint8Array)
        request.headers['content-md5'] ??= md5(request.body);
      return next(context);
    },
    { step: 'build', name: 'contentMd5', priority: 'low' },
  );
  return client;
}

/** In base 64, as the header `Content-MD5` has it. */
export function md5(bytes: Uint8Array | string): string {
  return createHash('md5').update(bytes).digest('base64');
}
