import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readCaseFolder } from '../conformance/official/case-file';
import { openSuite, type Suite } from '../conformance/official/suite';

/** Cases of ours in `test/processes/<family>/<process id>.json5`, in the format of the standard's. */
const files = readdirSync(__dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name: family }) =>
    readCaseFolder(join(__dirname, family)).map((file) => [`${family}/${file.id}`, file] as const),
  );

let suite: Suite;
beforeAll(async () => {
  suite = await openSuite();
});
afterAll(() => suite.close());

test('there are cases, and all can be read', () => {
  expect(files.flatMap(([, { problem }]) => problem ?? [])).toEqual([]);
  expect(files.length).toBeGreaterThan(10);
});

describe.each(files)('%s', (_, file) => {
  const titles = file.tests.map(
    (item, index) => [item.title ?? JSON.stringify(item.arguments).slice(0, 80), index] as const,
  );
  test.each(titles)('%s', async (_title, index) => {
    expect(await suite.run(file, index)).toMatchObject({ status: 'passed' });
  });
});
