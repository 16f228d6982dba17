import { Readable } from 'node:stream';
import { GetObjectCommand, type GetObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectTarget } from './bucket';
import { translateS3Error } from './errors';
import { type RetryPolicy, withRetries } from './retry';

export interface ReadPosition {
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
}

/** How often a body may break off without having brought a byte. */
const maxStandstills = 5;

/**
 * The body of an object whose first answer has arrived. Where the connection breaks off or stands still, the rest
 * of the same version is asked for.
 * @param position of the bytes that the first answer brings
 */
export function resumingBody(
  client: S3Client,
  target: ObjectTarget,
  first: GetObjectCommandOutput,
  position: ReadPosition,
  { retries, idleMs }: { readonly retries: RetryPolicy; readonly idleMs: number },
): Readable {
  let current = first.Body as Readable;
  const closed = new AbortController();

  async function* bytes(): AsyncGenerator<Uint8Array> {
    let { start } = position;
    for (let standstills = 0; ; ) {
      try {
        for await (const chunk of withIdleLimit(current, idleMs)) {
          standstills = 0;
          start += chunk.length;
          yield chunk;
        }
        if (start > position.end) return;
        throw new Error('The answer ended before its time.');
      } catch (error) {
        if (closed.signal.aborted || ++standstills > maxStandstills) throw unavailable(error);
        current = await resume(start);
      }
    }
  }

  async function resume(start: number): Promise<Readable> {
    const range = `bytes=${start}-${position.end}`;
    try {
      const answer = await withRetries(retries, closed.signal, () =>
        client.send(new GetObjectCommand({ ...target, Range: range, IfMatch: first.ETag }), {
          abortSignal: closed.signal,
        }),
      );
      return answer.Body as Readable;
    } catch (error) {
      throw translateS3Error(error);
    }
  }

  const body = Readable.from(bytes(), { objectMode: false });
  body.once('close', () => {
    closed.abort();
    current.destroy();
  });
  return body;
}

function unavailable(error: unknown): unknown {
  return translateS3Error(
    Object.assign(new Error('The body broke off', { cause: error }), { code: 'ECONNRESET' }),
  );
}

async function* withIdleLimit(body: Readable, idleMs: number): AsyncGenerator<Uint8Array> {
  let timer = setTimeout(stop, idleMs);
  function stop() {
    body.destroy(new Error('No byte arrived for too long.'));
  }
  try {
    for await (const chunk of body) {
      // A slow reader is none of the server's faults.
      clearTimeout(timer);
      yield chunk;
      timer = setTimeout(stop, idleMs);
    }
  } finally {
    clearTimeout(timer);
  }
}
