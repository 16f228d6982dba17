import { fileOf, loadFrom } from './support';

const names = Array.from({ length: 5000 }, (_, index) => `d${index}`);

function cube(order: readonly string[], data: string): Buffer {
  const dimensions = Object.fromEntries(order.map((name) => [name, { type: 'other', values: [1] }]));
  return Buffer.from(
    JSON.stringify({ type: 'datacube', dimensions, order }).replace(/}$/, `,"data":${data}}`),
  );
}

const nested = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`;

test('more dimensions than functions can nest are refused, whatever the format', async () => {
  const refused = { code: 'ProcessGraphComplexity', message: expect.stringContaining('5000 dimensions') };
  await expect(loadFrom('JSON', [fileOf(cube(names, nested(5000)))])).rejects.toMatchObject(refused);
  const table = Buffer.from(`${names.join()},value\n${names.map(() => 1).join()},1\n`);
  await expect(loadFrom('CSV', [fileOf(table)], { dimensions: names })).rejects.toMatchObject(refused);
});

test('a cube in JSON with a dimension twice is refused', async () => {
  await expect(loadFrom('JSON', [fileOf(cube(['a', 'b'], nested(2)))])).resolves.toBeDefined();
  await expect(loadFrom('JSON', [fileOf(cube(['a', 'a'], nested(2)))])).rejects.toMatchObject({
    code: 'FormatUnsuitable',
    message: expect.stringContaining('twice'),
  });
});
