import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { packagePath } from '../../../src/base/paths';
import { sharedFolder } from '../../support/tools';
import { type CaseFile, readCaseFolder } from './case-file';
import { openHttpSuite } from './http-suite';
import { failureLines, table, totalsOf } from './report';
import { type CaseResult, type CaseRunner, openSuite } from './suite';

const usage = `Runs test cases of openEO processes (the standard's JSON5 files) against the executor.

  npm run conformance [-- --dir FOLDER] [--http] [--json FILE]

  --dir FOLDER   the folder of the *.json5 files; by default the standard's tests beside the repository
  --http         sends the cases that JSON can carry to a server: POST /result with one node
  --json FILE    also writes all results to a file

Disputed are cases that contradict the text of the specification, with a reason in test/conformance/official/exemptions.json.
Exits with 1 when a case fails, with 2 when there are none.
`;

function options(): { folder?: string; json?: string; isOverHttp: boolean } {
  const { values } = parseArgs({
    options: {
      ...{ dir: { type: 'string' }, json: { type: 'string' } },
      ...{ http: { type: 'boolean', default: false }, help: { type: 'boolean' } },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    process.exit(0);
  }
  // npm changes into the package's folder; what people write is relative to theirs.
  const from = process.env['INIT_CWD'] ?? process.cwd();
  const besides = sharedFolder && resolve(sharedFolder, 'spec', 'openeo-processes', 'tests');
  const folder =
    values.dir === undefined
      ? besides
      : [from, packagePath()].map((base) => resolve(base, values.dir as string)).find(existsSync);
  return {
    folder,
    isOverHttp: values.http,
    ...(values.json !== undefined && { json: resolve(from, values.json) }),
  };
}

async function runFile(suite: CaseRunner, file: CaseFile): Promise<CaseResult[]> {
  if (file.problem !== undefined)
    return [
      {
        process: file.id,
        index: 0,
        fingerprint: '-',
        status: 'failed',
        reason: `${file.file}: ${file.problem}`,
      },
    ];
  const results: CaseResult[] = [];
  for (const index of file.tests.keys()) results.push(await suite.run(file, index));
  return results;
}

async function main(): Promise<number> {
  const { folder, json, isOverHttp } = options();
  if (folder === undefined || !existsSync(folder)) {
    process.stderr.write(`There is no folder of test cases. Name one with --dir.\n\n${usage}`);
    return 2;
  }
  const files = readCaseFolder(folder);
  if (files.length === 0) {
    process.stderr.write(`${folder} holds no file of test cases.\n`);
    return 2;
  }
  const suite = await (isOverHttp ? openHttpSuite() : openSuite());
  const results: CaseResult[] = [];
  try {
    for (const file of files) {
      if (file.tests.length === 0 && !file.problem)
        process.stdout.write(`EMPTY ${file.id}: ${file.file} has no cases\n`);
      for (const result of await runFile(suite, file)) {
        process.stdout.write(failureLines(result));
        results.push(result);
      }
    }
  } finally {
    await suite.close();
  }
  process.stdout.write(table(results));
  const totals = totalsOf(results);
  if (json) writeFileSync(json, `${JSON.stringify({ folder, totals, cases: results }, null, 2)}\n`);
  if (totals.cases === 0) return 2;
  return totals.failed > 0 ? 1 : 0;
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  },
);
