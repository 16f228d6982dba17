import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal } from '../../src/base/journal';

const folder = mkdtempSync(join(tmpdir(), 'tilegraph-journal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(file: string): Promise<{ journal: Journal; records: unknown[] }> {
  const records: unknown[] = [];
  return { journal: await Journal.open(file, (record) => records.push(record)), records };
}

test('records come back in order, also those appended at once and after it was opened again', async () => {
  const file = join(folder, 'deep', 'order.ndjson');
  const first = await read(file);
  await Promise.all(Array.from({ length: 500 }, (_, n) => first.journal.append({ n, text: 'ä\n' })));
  await first.journal.close();
  const second = await read(file);
  expect(second.records).toEqual(Array.from({ length: 500 }, (_, n) => ({ n, text: 'ä\n' })));
  await second.journal.append('more');
  await second.journal.close();
  const third = await read(file);
  expect(third.records).toHaveLength(501);
  await third.journal.close();
});

test('7.7 a torn last line is ignored wherever it was cut, and does not spoil the next record', async () => {
  const whole = '{"n":1}\n{"n":2}\n';
  const last = '{"n":3,"text":"ä"}';
  for (let length = 1; length <= Buffer.byteLength(last); length++) {
    const file = join(folder, `torn-${length}.ndjson`);
    writeFileSync(file, whole);
    appendFileSync(file, Buffer.from(last).subarray(0, length));
    const { journal, records } = await read(file);
    expect(records).toEqual([{ n: 1 }, { n: 2 }]);
    await journal.append({ n: 4 });
    await journal.close();
    expect(readFileSync(file, 'utf8')).toBe(`${whole}{"n":4}\n`);
  }
});

test('lines longer than what is read at once', async () => {
  const file = join(folder, 'long.ndjson');
  const { journal } = await read(file);
  const long = 'x'.repeat(300_000);
  await journal.append(long);
  await journal.append(1);
  await journal.close();
  const again = await read(file);
  expect(again.records).toEqual([long, 1]);
  await again.journal.close();
});
