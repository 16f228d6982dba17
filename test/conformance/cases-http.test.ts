import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../../src/base/paths';
import { sharedFolder } from '../support/tools';
import { type CaseFile, readCaseFolder } from './official/case-file';
import { openHttpSuite } from './official/http-suite';
import type { CaseResult, CaseRunner } from './official/suite';

const folder = sharedFolder && join(sharedFolder, 'spec', 'openeo-processes', 'tests');

const ours = readdirSync(packagePath('test', 'processes'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name }) => readCaseFolder(packagePath('test', 'processes', name)));
const theirs = folder && existsSync(folder) ? readCaseFolder(folder) : [];

let suite: CaseRunner;
beforeAll(async () => {
  suite = await openHttpSuite();
});
afterAll(() => suite.close());

async function resultsOf(file: CaseFile): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const index of file.tests.keys()) results.push(await suite.run(file, index));
  return results;
}

const failures = (results: readonly CaseResult[]) => results.filter(({ status }) => status === 'failed');

describe('our own cases', () => {
  it.each(ours.map((file) => [file.id, file] as const))('%s', async (_, file) => {
    expect(failures(await resultsOf(file))).toEqual([]);
  });
});

if (theirs.length === 0)
  it.skip("the standard's own cases over HTTP: none found beside the repository or in SHARED_DIR", () => {});
else
  describe("the standard's cases", () => {
    const all: CaseResult[] = [];

    it.each(theirs.map((file) => [file.id, file] as const))('%s', async (_, file) => {
      const results = await resultsOf(file);
      all.push(...results);
      expect(failures(results)).toEqual([]);
    });

    it('can be carried by JSON mostly', () => {
      expect(all.filter(({ status }) => status === 'passed').length).toBeGreaterThan(all.length / 2);
    });
  });
