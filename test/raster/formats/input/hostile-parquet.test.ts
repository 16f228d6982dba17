import { parquetWriteBuffer } from 'hyparquet-writer';
import { fileOf, loadFrom } from './support';

/** A number as Thrift's compact protocol writes it: zigzag, seven bits at a time. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value * 2;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

const rows = 1000;

function plainFile(): Buffer {
  const values = Array.from({ length: rows }, (_, index) => `t${index % 3}`);
  return Buffer.from(parquetWriteBuffer({ columnData: [{ name: 'word', data: values, type: 'STRING' }] }));
}

/** The file with another number where it first says how many rows there are from some place on. */
function withCount(file: Buffer, count: number, from: number): Buffer {
  const at = file.indexOf(varint(rows), from);
  expect(at).toBeGreaterThan(0);
  return Buffer.concat([file.subarray(0, at), varint(count), file.subarray(at + varint(rows).length)]);
}

const load = (bytes: Buffer) => loadFrom('Parquet', [fileOf(bytes, 'a.parquet')]);

test('pages that declare more values than may be loaded are refused before room is made for them', async () => {
  const file = plainFile();
  await expect(load(file)).resolves.toBeDefined();
  // The page's own header comes before the footer, which goes on to speak of a thousand rows.
  await expect(load(withCount(file, 40_000_000, 4))).rejects.toMatchObject({
    code: 'ProcessGraphComplexity',
    message: expect.stringContaining('40,000,003 values'),
  });
});
