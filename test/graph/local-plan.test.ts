import { staysLocal } from '../../src/graph/threads/local-plan';
import type { Plan, ProcessDefinition } from '../../src/graph/types';
import { createWorld, graph, node, param, parameter, testProcesses } from './kit';

const result = { result: true };
const [add] = testProcesses;
const only = { spec: { ...add.spec, id: 'only' }, module: { ...add.module, isLocal: true } };
const stored = {
  wrapped: { process_graph: { o: node('only', { x: 1, y: 2 }, result) } },
  plain: { process_graph: { o: node('add', { x: 1, y: 2 }, result) } },
};
const { runner } = createWorld({ processes: [...testProcesses, only], stored });
const isLocal = async (definition: ProcessDefinition) =>
  staysLocal((await runner.plan(definition, { user: 'ann', supplied: new Set() })) as unknown as Plan);
const mapping = (process: object) => graph({ m: node('map', { data: [1], process }, result) });

test.each([
  ['a node', graph({ o: node('only', { x: 1, y: 2 }, result) })],
  ['a callback', mapping(graph({ o: node('only', { x: param('x'), y: 2 }, result) }))],
  ['a stored process', graph({ w: node('wrapped', {}, result) })],
  ['a stored process in a callback', mapping(graph({ w: node('wrapped', {}, result) }))],
  [
    'a default',
    {
      parameters: [
        parameter(
          'p',
          { type: 'object', subtype: 'process-graph', parameters: [] },
          { optional: true, default: graph({ w: node('wrapped', {}, result) }) },
        ),
      ],
      ...graph({ c: node('constant', { x: 1 }, result) }),
    },
  ],
])('%s keeps a graph on the main thread', async (_, definition) => {
  expect(await isLocal(definition as ProcessDefinition)).toBe(true);
});

test('others leave it', async () => {
  expect(await isLocal(mapping(graph({ p: node('plain', {}, result) })))).toBe(false);
});
