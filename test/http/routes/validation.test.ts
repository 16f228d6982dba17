import request from 'supertest';
import { type Harness, startHarness } from '../support/harness';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());

const validate = (body: object) => request(harness.api).post('/validation').send(body);

test('a good graph has no errors, also where values come later', async () => {
  const process_graph = {
    a: { process_id: 'add', arguments: { x: { from_parameter: 'later' }, y: 1 }, result: true },
  };
  const answer = await validate({ process_graph });
  expect([answer.status, answer.body]).toEqual([200, { errors: [] }]);
});

test('every error is told, with its place', async () => {
  const process_graph = {
    a: { process_id: 'add', arguments: { x: 'text' } },
    b: { process_id: 'nothing', arguments: {}, result: true },
    c: { process_id: 'add', arguments: { x: { from_node: 'nowhere' }, y: 1, __proto__x: 1 } },
  };
  const answer = await validate({ process_graph });
  expect(answer.status).toBe(200);
  const found = answer.body.errors.map(
    ({ code, node }: { code: string; node?: string[] }) => `${node}: ${code}`,
  );
  expect(new Set(found)).toEqual(
    new Set([
      'a: ProcessParameterInvalid',
      'a: ProcessParameterRequired',
      'b: ProcessUnsupported',
      'c: ProcessGraphInvalid',
      'c: ProcessParameterUnsupported',
    ]),
  );
  for (const error of answer.body.errors)
    expect(error).toMatchObject({
      message: expect.any(String),
      pointer: expect.stringMatching(/^\/process_graph|^\//),
    });
});

test.each([
  { process_graph: {} },
  { process_graph: { a: 7 } },
  { process_graph: { a: { process_id: 7, arguments: [] } } },
])('a graph that is none is an error of the graph, not of the request: %j', async (body) => {
  const answer = await validate(body);
  expect(answer.status).toBe(200);
  expect(answer.body.errors.length).toBeGreaterThan(0);
});

test.each([
  [{}, 'ProcessGraphMissing'],
  [{ process: { process_graph: {} } }, 'ProcessGraphMissing'],
  [{ process_graph: 'x' }, 'RequestInvalid'],
])('a request without a graph is refused: %j', async (body, code) => {
  const answer = await validate(body);
  expect([answer.status, answer.body.code]).toEqual([400, code]);
});

test('stored processes count for their owner', async () => {
  const token = await harness.login('alice');
  const process_graph = { a: { process_id: 'e', arguments: {}, result: true } };
  await request(harness.api).put('/process_graphs/mine').set('Authorization', token).send({ process_graph });
  const use = { process_graph: { a: { process_id: 'mine', arguments: {}, result: true } } };
  expect((await validate(use)).body.errors).toHaveLength(1);
  expect((await validate(use).set('Authorization', token)).body.errors).toEqual([]);
  expect((await validate(use).set('Authorization', 'Bearer basic//x')).status).toBe(403);
});
