import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sharedFolder } from '../support/tools';
import { readCaseFolder } from './official/case-file';
import { openSuite, type Suite } from './official/suite';

/** The same cases, run the same way, as `npm run conformance`. */
const folder = sharedFolder && join(sharedFolder, 'spec', 'openeo-processes', 'tests');

if (!folder || !existsSync(folder))
  it.skip("the standard's own cases: none found beside the repository or in SHARED_DIR", () => {});
else {
  const files = readCaseFolder(folder);
  let suite: Suite;
  beforeAll(async () => {
    suite = await openSuite();
  });
  afterAll(() => suite.close());

  it('has cases', () => {
    expect(files.length).toBeGreaterThan(20);
  });

  it.each(files.map((file) => [file.id, file] as const))('%s', async (_, file) => {
    expect(file.problem).toBeUndefined();
    const results = await Promise.all([...file.tests.keys()].map((index) => suite.run(file, index)));
    const failed = results.filter(({ status }) => status !== 'passed' && status !== 'disputed');
    expect(failed).toEqual([]);
  });
}
