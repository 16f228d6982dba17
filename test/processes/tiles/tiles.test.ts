import { OpaqueHandle } from '../../../src/graph/types';
import * as assignment from '../../../src/processes/tiles/tile_assignment';
import type { TileContext } from '../../../src/processes/tiles/tile-store-argument';
import * as summary from '../../../src/processes/tiles/tiles_summary';
import type { Role } from '../../../src/store/records/types';
import { type TestTileStore, testTileStore } from '../../support/tile-stores';

let fixture: TestTileStore;
let handle: OpaqueHandle<TestTileStore['store']>;
beforeEach(async () => {
  fixture = await testTileStore('sqlite');
  handle = new OpaqueHandle('tile-store', fixture.store);
});
afterEach(() => fixture.close());

const as = (id: string, ...roles: Role[]): TileContext => ({
  user: { id, name: id, roles },
  service: { id: 'here' },
  tileStore: handle,
  mayAccessService: async (service) => service === 'friendly',
});
const call = (stage: string, user: string, more: object = {}) => ({
  ...{ zoom: 12, x_range: [1000, 1010], y_range: [2000, 2010], stage, user_id: user, ...more },
});

test('answers the assignment in the words of the wire', async () => {
  const claimed = await assignment.run(call('claim', 'anna'), as('anna'));
  expect(claimed).toEqual({
    ...{ service_id: 'here', z: 12, stage: 'claimed', user_id: 'anna' },
    x: expect.any(Number),
    y: expect.any(Number),
    claimed_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    updated_at: expect.stringMatching(/Z$/),
  });
  const kept = await assignment.run(call('update', 'anna', { data: { done: 3 } }), as('anna'));
  expect(kept).toMatchObject({ x: claimed.x, y: claimed.y, data: { done: 3 } });
  expect(await assignment.run(call('submit', 'anna'), as('anna'))).toMatchObject({ stage: 'submitted' });
  await assignment.run(call('claim', 'berta'), as('berta'));
  expect(await summary.run({}, as('anna'))).toEqual({
    claimed: [expect.objectContaining({ user_id: 'berta', data: null })],
    submitted: [expect.objectContaining({ x: claimed.x, y: claimed.y, z: 12, data: { done: 3 } })],
    counts: { claimed: 1, submitted: 1 },
  });
  expect(await assignment.run(call('force-release', 'anna'), as('anna'))).toMatchObject({
    stage: 'released',
  });
});

test('nobody acts for others but administrators, and the history says who it was', async () => {
  await expect(assignment.run(call('claim', 'berta'), as('anna'))).rejects.toMatchObject({
    ...{ code: 'PermissionsInsufficient', status: 403 },
  });
  expect(await summary.run({}, as('anna'))).toMatchObject({ counts: { claimed: 0 } });
  await assignment.run(call('claim', 'berta'), as('root', 'admin'));
  const [step] = await fixture.store.assignments.history('here');
  expect(step).toMatchObject({ userId: 'berta', actorId: 'root' });
  await expect(
    assignment.run(call('claim', 'berta'), { ...as('berta'), user: undefined }),
  ).rejects.toMatchObject({ code: 'AuthenticationRequired', status: 401 });
});

test('services are independent, and another one needs access', async () => {
  const there = await assignment.run(call('claim', 'anna', { service_id: 'friendly' }), as('anna'));
  expect(there.service_id).toBe('friendly');
  const here = await assignment.run(call('claim', 'anna', { x_range: [1, 1], y_range: [1, 1] }), as('anna'));
  expect(here).toMatchObject({ service_id: 'here', x: 1, y: 1 });
  for (const run of [
    () => assignment.run(call('claim', 'anna', { service_id: 'closed' }), as('anna')),
    () => summary.run({ service_id: 'closed' }, as('anna')),
  ])
    await expect(run()).rejects.toMatchObject({ code: 'PermissionsInsufficient' });
  await expect(
    assignment.run(call('claim', 'anna'), { ...as('anna'), service: undefined }),
  ).rejects.toMatchObject({ code: 'ProcessParameterRequired' });
});

test.each([
  ['reversed', 12, [5, 4], [0, 1], 'x_range'],
  ['outside of the zoom level', 3, [0, 7], [0, 8], 'y_range'],
  ['outside of zoom 0', 0, [0, 1], [0, 0], 'x_range'],
])('refuses ranges that are %s', async (_, zoom, x_range, y_range, parameter) => {
  await expect(
    assignment.run(call('claim', 'anna', { zoom, x_range, y_range }), as('anna')),
  ).rejects.toMatchObject({ code: 'ProcessParameterInvalid', status: 400, details: { parameter } });
});

test('without a tile store it says which half is missing', async () => {
  const context = { ...as('anna'), tileStore: undefined };
  await expect(assignment.run(call('claim', 'anna'), context)).rejects.toMatchObject({
    code: 'TileStoreUnavailable',
    message: expect.stringContaining('tile_store'),
  });
  await expect(summary.run({}, context)).rejects.toMatchObject({ code: 'TileStoreUnavailable' });
  const given = await assignment.run(call('claim', 'anna', { store: handle }), context);
  expect(given.stage).toBe('claimed');
});

test('takes no other store', async () => {
  for (const store of [{}, { subtype: 'tile-store', open: 1 }, new OpaqueHandle('other', {}), 'x'])
    await expect(assignment.run(call('claim', 'anna', { store }), as('anna'))).rejects.toMatchObject({
      code: 'ProcessParameterInvalid',
    });
});

test('both count as writing, so that nothing is cached or shared', () => {
  expect([assignment.effects, summary.effects]).toEqual(['write', 'write']);
});
