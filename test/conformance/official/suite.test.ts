import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

test('an error that a description names twice goes by either name', async () => {
  const line = (name: string) =>
    `{ type: 'datacube', data: [[1, 2]], dimensions: { y: { type: 'spatial', values: [5] }, ${name}: { type: 'spatial', axis: 'x', values: [1, 2] } } }`;
  const args = `arguments: { data: ${line('x')}, mask: ${line('east')} }`;
  const results = await run(
    'mask',
    `{ ${args}, throws: 'IncompatibleDataCubes' }, { ${args}, throws: 'DimensionMismatch' },
     { ${args}, throws: 'DimensionMissing' }, { ${args}, throws: 'toString' }`,
  );
  expect(statuses(results)).toEqual(['passed', 'passed', 'failed', 'failed']);
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
    ...['passed', 'passed', 'passed', 'passed', 'failed', 'failed', 'failed', 'failed'],
  ]);
});

test('processes that do not exist fail, and those that are not offered are left out', async () => {
  const results = [
    ...(await run('no_such_process', '{ arguments: {}, returns: 1 }')),
    ...(await run('sar_backscatter', '{ arguments: {}, returns: 1 }')),
    ...(await run('pi', `{ arguments: {}, required: ['no_such_process'], returns: 3 }`)),
  ];
  expect(statuses(results)).toEqual(['failed', 'skipped', 'skipped']);
  expect(totalsOf(results)).toEqual({ cases: 3, passed: 0, failed: 1, disputed: 0, skipped: 2 });
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

test('what is no case fails with what it lacks', async () => {
  const results = await run(
    'add',
    `null, 5, { returns: 1 }, { arguments: { x: 1, y: 2 } }, { arguments: { x: 1, y: 2 }, throws: false },
     { arguments: { x: 1, y: 2 }, throws: null, returns: 3 }, { arguments: { x: 1, y: 2 }, returns: 3, delta: 'a' },
     { arguments: { x: 1, y: 2 }, returns: 3, delta: null }, { arguments: { x: 1, y: 2 }, returns: 3, required: 'sum' },
     { arguments: { x: 1, y: 2, z: 3 }, returns: 3 }, { arguments: { x: .5, y: +0x10, }, returns: 16.5, },`,
  );
  expect(statuses(results)).toEqual(
    'failed failed failed failed failed passed failed passed failed failed passed'.split(' '),
  );
  expect(results.slice(0, 4).map(({ reason }) => reason)).toEqual([
    'the case is no object',
    'the case is no object',
    'the case has no "arguments"',
    'the case says neither what it "returns" nor what it "throws"',
  ]);
});

test('references that lead nowhere, into the web or back to themselves are failures of their case', async () => {
  writeFileSync(join(folder, 'loop.json5'), `{ $ref: 'loop.json5' }`);
  writeFileSync(join(folder, 'part.json5'), '{ a: 1 }');
  const results = await run(
    'constant',
    `{ arguments: { x: { $ref: 'loop.json5' } }, returns: 1 },
     { arguments: { x: { $ref: 'https://host.example/x.json' } }, returns: 1 },
     { arguments: { x: { $ref: './nothing.json' } }, throws: true },
     { arguments: { x: [{ $ref: 'part.json5', description: 'beside it' }] }, returns: [{ $ref: './part.json5' }] },
     { arguments: { x: [NaN, { type: 'datetime', value: '2020-01-01' }] }, returns: [NaN, { type: 'datetime', value: '2020-01-01' }] },
     { arguments: { x: { type: 'labeled-array', data: [{ key: 1, value: { type: 'labeled-array', data: [{ key: 'a', value: NaN }] } }] } },
       returns: { type: 'labeled-array', data: [{ key: 1, value: { type: 'labeled-array', data: [{ key: 'a', value: NaN }] } }] } }`,
  );
  expect(statuses(results)).toEqual(['failed', 'failed', 'failed', 'passed', 'passed', 'passed']);
  expect(results.slice(0, 3).map(({ reason }) => reason)).toEqual([
    'loop.json5 refers to itself',
    expect.stringMatching(/^cannot load https/),
    expect.stringMatching(/there is no such file$/),
  ]);
});

test('files that cases refer to may lie in the folder around theirs', async () => {
  const inner = mkdtempSync(join(folder, 'level-'));
  writeFileSync(join(folder, 'outside.json5'), '[1, 2]');
  writeFileSync(join(inner, 'inside.json5'), '[3]');
  const returns = `returns: [[1, 2], [3]]`;
  writeFileSync(
    join(inner, 'constant.json5'),
    `{ id: 'constant', tests: [{ arguments: { x: [{ $ref: 'outside.json5' }, { $ref: 'inside.json5' }] }, ${returns} }] }`,
  );
  const [file] = readCaseFolder(join(inner, 'constant.json5'));
  expect(await suite.run(file, 0)).toMatchObject({ status: 'passed' });
});

test('cubes of all kinds of dimensions are read, and what is wrong with others is said', async () => {
  const labels = (written: string) =>
    `{ arguments: { data: { type: 'datacube', ${written} }, dimension: 'd' }, `;
  const results = await run(
    'dimension_labels',
    `${labels(`data: [1, { type: 'nodata' }], dimensions: { d: { type: 'temporal', values: [{ type: 'datetime', value: '2020-01-01T00:00:00Z' }, '2021'] } }`)}
       returns: [{ type: 'datetime', value: '2020-01-01T00:00:00Z' }, '2021'] },
     ${labels(`data: null, dimensions: { d: { type: 'geometry', values: ['POINT (1 2)', 'POLYGON ((0 0, 1 0, 1 1, 0 0))'] } }`)}
       returns: ['POINT (1 2)', 'POLYGON ((0 0, 1 0, 1 1, 0 0))'] },
     ${labels(`data: [[1], [2]], order: ['d', 'e'], dimensions: [{ name: 'e', type: 'bands', values: [7] }, { name: 'd', values: ['a', 'b'] }]`)}
       returns: ['a', 'b'] },
     ${labels(`data: [1, 2], dimensions: { d: { type: 'bands', values: ['a'] } }`)} returns: ['a'] },
     ${labels(`data: [1], dimensions: { d: { type: 'bands' } }`)} returns: ['a'] },
     ${labels(`data: [1], dimensions: { d: { type: 'colour', values: ['a'] } }`)} returns: ['a'] },
     ${labels(`data: [1], order: [], dimensions: { d: { type: 'bands', values: ['a'] } }`)} returns: ['a'] },
     ${labels('data: [1]')} returns: ['a'] }`,
  );
  expect(results.map(({ status, reason }) => reason ?? status)).toEqual([
    'passed',
    'passed',
    'passed',
    'a data cube has 2 values, but its labels make 1',
    'the dimension "d" has no "values"',
    'the dimension "d" has the unknown type "colour"',
    '"order" names 0 of the 1 dimensions of a data cube',
    'a data cube has no "dimensions"',
  ]);
});

test('NaN is a value where it is not said to be no-data, in process graphs too', async () => {
  const cube = (values: string) =>
    `{ type: 'datacube', data: ${values}, dimensions: { b: { type: 'bands', values: [0, 1, 2] } } }`;
  const call = (id: string, args: string) =>
    `{ process_graph: { n: { process_id: '${id}', arguments: { x: { from_parameter: 'x' } ${args} }, result: true } } }`;
  const results = await run(
    'apply',
    `{ arguments: { data: ${cube('[1, NaN, null]')}, process: ${call('is_nan', '')} }, returns: ${cube('[false, true, false]')} },
     { arguments: { data: ${cube('[1, 0, null]')}, process: ${call('multiply', ', y: Infinity')} }, returns: ${cube('[Infinity, NaN, null]')} }`,
  );
  expect(statuses(results)).toEqual(['passed', 'passed']);
});

test('folders in the folder count, links to folders and what belongs to packages do not', () => {
  const outer = mkdtempSync(join(folder, 'outer-'));
  for (const name of ['inner', 'node_modules', '.git']) {
    mkdirSync(join(outer, name));
    writeFileSync(join(outer, name, 'other-name.json5'), `\uFEFF{ id: 'pi', tests: [] }`);
  }
  writeFileSync(join(outer, 'schema.json'), '{ "tests": { "type": "array" } }');
  writeFileSync(join(outer, 'wrong.json5'), '{ id: 7, tests: [] }');
  writeFileSync(join(outer, 'none.json5'), `{ id: 'pi', tests: null }`);
  symlinkSync(outer, join(outer, 'inner', 'link'));
  symlinkSync('nowhere', join(outer, 'dangling.json5'));
  expect(readCaseFolder(outer).map(({ id, problem }) => [id, problem])).toEqual([
    ['none', 'its "tests" are no array'],
    ['wrong', 'its "id" is no text'],
    ['pi', undefined],
  ]);
  expect(readCaseFolder(join(outer, 'inner', 'other-name.json5'))).toHaveLength(1);
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

test('what a case leaves open may be either way', async () => {
  const line = (values: string, nodata: string) =>
    `{ type: 'datacube', data: ${values}, ${nodata} dimensions: { b: { type: 'bands', values: [0, 1] } } }`;
  const add = (y: number) =>
    `{ process_graph: { n: { process_id: 'add', arguments: { x: { from_parameter: 'x' }, y: ${y} }, result: true } } }`;
  const data = line('[255, 254]', 'nodata: 255,');
  const days = (name: string, labels: string) =>
    `{ type: 'datacube', data: [1, 2], dimensions: { ${name}: { type: 'temporal', values: ${labels}, reference_system: 'a calendar' } } }`;
  const nothing = `{ type: 'datacube', data: [], order: [], dimensions: {} }`;
  const results = [
    // No-data is that of the data, which a result need not say again; then it can be a value as well.
    ...(await run(
      'apply',
      `{ arguments: { data: ${data}, process: ${add(1)} }, returns: ${line('[255, 255]', '')} },
       { arguments: { data: ${data}, process: ${add(1)} }, returns: ${line('[null, 255]', '')} },
       { arguments: { data: ${data}, process: ${add(1)} }, returns: ${line('[255, 255]', 'nodata: null,')} },
       { arguments: { data: ${data}, process: ${add(0)} }, returns: ${line('[255, 255]', '')} }`,
    )),
    // A date is its midnight in UTC.
    ...(await run(
      'rename_dimension',
      `{ arguments: { data: ${days('t', `['2020-01-01', '2020-01-02T00:00:00Z']`)}, source: 't', target: 'd' },
         returns: ${days('d', `['2020-01-01T01:00:00+01:00', '2020-01-02']`)} },
       { arguments: { data: ${days('t', `['2020-01-01', '2020-01-02']`)}, source: 't', target: 'd' },
         returns: ${days('d', `['2020-01-01', '2020-01-03']`)} }`,
    )),
    // A cube without dimensions has one value, which may be left out.
    ...(await run(
      'add_dimension',
      `{ arguments: { data: ${nothing}, name: 'b', label: 'a', type: 'bands' },
         returns: { type: 'datacube', data: [null], dimensions: { b: { type: 'bands', values: ['a'] } } } }`,
    )),
    ...(await run(
      'drop_dimension',
      `{ arguments: { data: { type: 'datacube', data: [3], dimensions: { b: { type: 'bands', values: ['a'] } } }, name: 'b' },
         returns: { type: 'datacube', data: 3, dimensions: {} } },
       { arguments: { data: { type: 'datacube', data: [3], dimensions: { b: { type: 'bands', values: ['a'] } } }, name: 'b' },
         returns: { type: 'datacube', data: 4, dimensions: {} } }`,
    )),
    // Of large numbers no ten decimals are left.
    ...(await run(
      'constant',
      `{ arguments: { x: 123456789.00000001 }, returns: 123456789.00000002 },
       { arguments: { x: 123456789.000001 }, returns: 123456789.000002 }`,
    )),
  ];
  expect(statuses(results)).toEqual([
    ...['passed', 'passed', 'failed', 'failed'],
    ...['passed', 'failed'],
    ...['passed'],
    ...['passed', 'failed'],
    ...['passed', 'failed'],
  ]);
});

test('rows from south to north are pixels as well, where a process needs pixels', async () => {
  const southUp = (values: string, y: string) => `{
    type: 'datacube', data: ${values}, order: ['y', 'x'], dimensions: {
      y: { type: 'spatial', axis: 'y', values: ${y}, reference_system: 32632 },
      x: { type: 'spatial', axis: 'x', values: [25, 15, 5], reference_system: 32632 },
    } }`;
  const data = southUp('[[1, 2, 3], [4, 5, 6]]', '[10, 20]');
  const results = [
    ...(await run(
      'apply_kernel',
      `{ arguments: { data: ${data}, kernel: [[0, 0, 0], [1, 0, 0], [0, 0, 0]] }, returns: ${southUp('[[2, 3, 0], [5, 6, 0]]', '[10, 20]')} },
       { arguments: { data: ${data}, kernel: [[0, 1, 0], [0, 0, 0], [0, 0, 0]] }, returns: ${southUp('[[4, 5, 6], [0, 0, 0]]', '[10, 20]')} },
       { arguments: { data: ${data}, kernel: [[0, 1, 0], [0, 0, 0], [0, 0, 0]] }, returns: ${southUp('[[0, 0, 0], [1, 2, 3]]', '[10, 20]')} }`,
    )),
    ...(await run(
      'dimension_labels',
      `{ arguments: { data: ${data}, dimension: 'y' }, returns: [10, 20] },
       { arguments: { data: ${data}, dimension: 'x' }, returns: [25, 15, 5] }`,
    )),
  ];
  expect(statuses(results)).toEqual(['passed', 'passed', 'failed', 'passed', 'passed']);
});
