import { mkdtempSync, rmSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openNamedPipe } from '../../../src/pyramid/image/named-pipe';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tilegraph-pipe-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const never = new AbortController().signal;
const bytes = Buffer.from(Uint8Array.from({ length: 1_000_003 }, (_, i) => (i * 7919) >>> 8));
let count = 0;

async function pipeOf(aheadBytes: number, write: (path: string) => Promise<unknown>) {
  const path = join(folder, `${++count}`);
  const pipe = await openNamedPipe(path, aheadBytes, () => write(path));
  if (!pipe) throw new Error('This machine has no named pipes');
  return pipe;
}

test.each([0, 100_000, 10_000_000])('what is written arrives, %d bytes ahead', async (aheadBytes) => {
  const pipe = await pipeOf(aheadBytes, (path) => writeFile(path, bytes));
  const read: Buffer[] = [];
  for (const length of [1, 70_000, 0, 500_000, 65_536, 1_000_000]) {
    const part = Buffer.alloc(length);
    read.push(part.subarray(0, await pipe.read(part, never)));
  }
  expect(Buffer.concat(read).equals(bytes)).toBe(true);
  expect(await pipe.read(Buffer.alloc(10), never)).toBe(0);
  pipe.close();
});

test('a writer that fails before it has begun ends it', async () => {
  const pipe = await pipeOf(1000, () => Promise.reject(new Error('nothing to write')));
  expect(await pipe.read(Buffer.alloc(10), never)).toBe(0);
  pipe.close();
});

test('a writer is stopped when nobody reads any more', async () => {
  let ended: unknown;
  const pipe = await pipeOf(0, async (path) => {
    const file = await open(path, 'w');
    ended = (async () => {
      for (;;) await file.write(bytes);
    })().finally(() => file.close());
    await (ended as Promise<never>).catch(() => {});
  });
  await pipe.read(Buffer.alloc(10), never);
  pipe.close();
  await expect(ended).rejects.toMatchObject({ code: 'EPIPE' });
});

test('who waits is told of an abort', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const pipe = await pipeOf(1000, () => promise);
  const stop = new AbortController();
  const reading = pipe.read(Buffer.alloc(10), stop.signal);
  stop.abort(new Error('enough'));
  await expect(reading).rejects.toThrow('enough');
  resolve();
  pipe.close();
});
