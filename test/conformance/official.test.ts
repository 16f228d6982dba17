import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sharedFolder } from '../support/tools';
import { type CaseFile, type OfficialCase, readCaseFolder } from './official/case-file';
import { openSuite, type Suite } from './official/suite';

/** The same cases, run the same way, as `npm run conformance`. */
const standard = sharedFolder && join(sharedFolder, 'spec', 'openeo-processes');
const folder = standard && join(standard, 'tests');

/** The examples in the standard's descriptions as test cases. */
function examplesIn(path: string): CaseFile[] {
  const names = readdirSync(path).filter((name) => name.endsWith('.json'));
  return names.flatMap((name) => {
    const file = join(path, name);
    const { id, examples = [] } = JSON.parse(readFileSync(file, 'utf8')) as {
      id: string;
      examples?: OfficialCase[];
    };
    const tests = examples.filter((example) => Object.hasOwn(example, 'returns'));
    return tests.length > 0 ? [{ id, file, tests }] : [];
  });
}

if (!standard || !folder || !existsSync(folder))
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

  const described = [standard, join(standard, 'proposals')].flatMap(examplesIn);

  it.each(described.map((file) => [file.id, file] as const))('the examples of %s', async (_, file) => {
    const results = await Promise.all([...file.tests.keys()].map((index) => suite.run(file, index)));
    const failed = results.filter(({ status }) => status === 'failed');
    expect(failed).toEqual([]);
  });
}
