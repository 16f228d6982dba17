import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fingerprintOf, readCaseFolder } from './case-file';
import { failureLines, table, totalsOf } from './report';
import { type CaseResult, openSuite, type Suite } from './suite';

let folder: string;
let suite: Suite;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tilegraph-cases-'));
  suite = await openSuite();
});

afterAll(async () => {
  await suite.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What becomes of cases that are written to a folder of their own. */
async function run(id: string, tests: string): Promise<CaseResult[]> {
  writeFileSync(join(folder, `${id}.json5`), `{ id: '${id}', tests: [${tests}] } // JSON5`);
  const file = readCaseFolder(folder).find((candidate) => candidate.id === id)!;
  return Promise.all([...file.tests.keys()].map((index) => suite.run(file, index)));
}

const statuses = (results: readonly CaseResult[]) => results.map(({ status }) => status);

const cube = (values: string, rest = '') => `{
  type: 'datacube', ${rest} order: ['x', 'b', 'y'],
  dimensions: {
    x: { type: 'spatial', axis: 'x', values: [5, 15], reference_system: 'EPSG:32632' },
    b: { type: 'bands', values: ['red'] },
    y: { type: 'spatial', axis: 'y', values: [30, 20, 10], reference_system: 'EPSG:32632' },
  },
  data: ${values},
}`;
const absolute = `{ process_graph: { a: { process_id: 'absolute', arguments: { x: { from_parameter: 'x' } }, result: true } } }`;

test('numbers have to be as close as the case says, NaN, infinities and no-data equal', async () => {
  const results = await run(
    'constant',
    `{ arguments: { x: 1 }, returns: 1.00000000001 },
     { arguments: { x: 1 }, returns: 1.001 },
     { arguments: { x: 1 }, returns: 1.001, delta: 0.01 },
     { arguments: { x: NaN }, returns: NaN },
     { arguments: { x: NaN }, returns: 0 },
     { arguments: { x: 0 }, returns: NaN },
     { arguments: { x: -Infinity }, returns: -Infinity },
     { arguments: { x: Infinity }, returns: -Infinity },
     { arguments: { x: { type: 'nodata' } }, returns: null },
     { arguments: { x: null }, returns: NaN },
     { arguments: { x: '1' }, returns: 1 },
     { arguments: { x: [1, { a: NaN }] }, returns: [1, { a: NaN }] },
     { arguments: { x: [1, { a: 2 }] }, returns: [1, { a: 2, b: 3 }] },
     { arguments: { x: '2020-01-01T01:00:00+01:00' }, returns: { type: 'datetime', value: '2020-01-01T00:00:00.000Z' } },
     { arguments: { x: '2020-01-01' }, returns: { type: 'datetime', value: '2020-01-01T00:00:00Z' } }`,
  );
  expect(statuses(results)).toEqual(
    'passed failed passed passed failed failed passed failed passed failed failed passed failed passed failed'.split(
      ' ',
    ),
  );
});

test('errors have to be the one that is named, and no result will do for them', async () => {
  const results = await run(
    'array_element',
    `{ arguments: { data: [1], index: 3 }, throws: 'ArrayElementNotAvailable' },
     { arguments: { data: [1], index: 3 }, throws: 'ArrayNotLabeled' },
     { arguments: { data: [1], index: 3 }, throws: true },
     { arguments: { data: [1], index: 0 }, throws: true },
     { arguments: { data: [1], index: 0 }, returns: 1, throws: true },
     { arguments: { data: [1], index: 3 }, returns: null }`,
  );
  expect(statuses(results)).toEqual(['passed', 'failed', 'passed', 'failed', 'passed', 'failed']);
});

test('labels count', async () => {
  const labeled = (key: string) => `{ type: 'labeled-array', data: [{ key: '${key}', value: 1 }] }`;
  const results = await run(
    'array_concat',
    `{ arguments: { array1: ${labeled('a')}, array2: [] }, returns: [1] },
     { arguments: { array1: ${labeled('a')}, array2: { type: 'labeled-array', data: [] } }, returns: ${labeled('a')} },
     { arguments: { array1: ${labeled('a')}, array2: { type: 'labeled-array', data: [] } }, returns: ${labeled('b')} },
     { arguments: { array1: ${labeled('a')}, array2: { type: 'labeled-array', data: [] } }, returns: [1] }`,
  );
  expect(statuses(results)).toEqual(['passed', 'passed', 'failed', 'failed']);
});

test('cubes may have their dimensions in any order; values, labels and references are compared', async () => {
  writeFileSync(join(folder, 'cube.json5'), cube('[[[1, -2, 255]], [[-4, 5, -6]]]', 'nodata: [255],'));
  const data = `{ $ref: 'cube.json5' }`;
  const results = await run(
    'apply',
    `{ arguments: { data: ${data}, process: ${absolute} }, returns: ${cube('[[[1, 2, null]], [[4, 5, 6]]]')} },
     { arguments: { data: ${data}, process: ${absolute} }, returns: ${cube('[[[1, 2, NaN]], [[4, 5, 6]]]', 'nodata: NaN,')} },
     { arguments: { data: ${data}, process: ${absolute} }, returns: ${cube('null')} },
     { arguments: { data: ${data}, process: ${absolute} }, returns: ${cube('[[[1, 2, 255]], [[4, 5, 6]]]')} },
     { arguments: { data: ${data}, process: ${absolute} }, returns: ${cube('[[[1, 5, null]], [[4, 2, 6]]]')} },
     { arguments: { data: ${data}, process: ${absolute} }, returns: ${cube('null').replace("'red'", "'blue'")} },
     { arguments: { data: ${data}, process: ${absolute} }, returns: ${cube('null').replaceAll('32632', '32633')} },
     { arguments: { data: { $ref: 'nowhere.json5' }, process: ${absolute} }, returns: null }`,
  );
  expect(statuses(results)).toEqual([
    ...['passed', 'passed', 'passed', 'failed', 'failed', 'failed', 'failed', 'failed'],
  ]);
});

test('processes that do not exist fail, and those that are not offered are left out', async () => {
  const results = [
    ...(await run('no_such_process', '{ arguments: {}, returns: 1 }')),
    ...(await run('sar_backscatter', '{ arguments: {}, returns: 1 }')),
    ...(await run('pi', `{ arguments: {}, required: ['no_such_process'], returns: 3 }`)),
  ];
  expect(statuses(results)).toEqual(['failed', 'skipped', 'failed']);
  expect(totalsOf(results)).toEqual({ cases: 3, passed: 0, failed: 2, disputed: 0, skipped: 1 });
  expect(failureLines(results[0])).toMatch(
    /^FAILED no_such_process #0 \[[0-9a-f]{12}\]: there is no process/,
  );
  expect(table(results)).toMatch(/^sar_backscatter +1 +0 +0 +0 +1$/m);
});

test('a folder may hold files that are broken or something else', () => {
  writeFileSync(join(folder, 'broken.json5'), '{ id: ');
  writeFileSync(join(folder, 'fragment.json'), '[1]');
  const files = readCaseFolder(folder);
  expect(files.find(({ id }) => id === 'broken')?.problem).toMatch(/JSON5/);
  expect(files.map(({ id }) => id)).not.toContain('fragment');
});

test('a case keeps its fingerprint wherever it stands and however its keys are ordered', () => {
  const test = { arguments: { x: Number.NaN, y: [1, { a: 1, b: 2 }] }, returns: 1 };
  const same = { returns: 1, delta: undefined, arguments: { y: [1, { b: 2, a: 1 }], x: Number.NaN } };
  const print = fingerprintOf('add', test);
  expect(fingerprintOf('add', same)).toBe(print);
  expect(fingerprintOf('sum', test)).not.toBe(print);
  expect(fingerprintOf('add', { ...test, returns: 2 })).not.toBe(print);
  expect(fingerprintOf('add', { ...test, arguments: { ...test.arguments, x: Infinity } })).not.toBe(print);
  expect(fingerprintOf('add', { ...test, arguments: { ...test.arguments, x: null } })).not.toBe(print);
});
