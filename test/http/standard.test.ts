import { bodyErrors } from '../../src/http/standard';

const errorsOf = (body: object) => bodyErrors('POST /validation', body);
const count = 200_000;

test('a valid body has no errors', () => {
  expect(errorsOf({ process_graph: {}, parameters: [], summary: null })).toEqual([]);
});

test('all violations of a small body are told', () => {
  const found = errorsOf({ process_graph: {}, parameters: [1, { name: 'x' }], links: 7 });
  expect(found.map(({ instancePath }) => instancePath)).toEqual(
    expect.arrayContaining(['/parameters/0', '/parameters/1', '/links']),
  );
});

// Collecting the errors of so many would take minutes.
test('of a large body the first violation is told', () => {
  const [first, ...others] = errorsOf({ process_graph: {}, parameters: new Array(count).fill(1) });
  expect([first.instancePath, others]).toEqual(['/parameters/0', []]);
});

// Comparing each with each other one would take minutes.
test('long lists of different schemas are valid', () => {
  const schema = Array.from({ length: count }, (_, index) => ({ const: index }));
  const parameter = { name: 'x', description: 'Any of them.', schema };
  expect(errorsOf({ process_graph: {}, parameters: [parameter] })).toEqual([]);
});
