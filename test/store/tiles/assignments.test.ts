import { OpenEOError } from '../../../src/base/errors';
import type { Assignment, CellRange } from '../../../src/tiles/types';
import {
  contradictions,
  dialects,
  noContradictions,
  seededRandom,
  type TestTileStore,
  testTileStore,
} from '../../support/tile-stores';

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof OpenEOError) return error.code;
    throw error;
  }
  return 'none';
}

const key = ({ tile }: Assignment) => `${tile.z}/${tile.x}/${tile.y}`;

describe.each(dialects)('tile assignments on %s', (dialect) => {
  let fixture: TestTileStore;
  // Services know nothing of each other, so every test has its own in one database.
  let serviceId: string;
  let tests = 0;
  beforeAll(async () => {
    fixture = await testTileStore(dialect, seededRandom(20240229));
  });
  beforeEach(() => {
    serviceId = `campaign${++tests}`;
  });
  afterAll(() => fixture.close());

  const claim = (userId: string, xRange: CellRange, yRange: CellRange, zoom = 12, service?: string) =>
    fixture.store.assignments.claim({
      serviceId: service ?? serviceId,
      ...{ userId, actorId: userId, zoom, xRange, yRange },
    });
  const claimAll = async (prefix: string, count: number, xRange: CellRange, yRange: CellRange) => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: count }, (_, index) => claim(`${prefix}${index}`, xRange, yRange)),
    );
    const won = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    return { won, refused };
  };

  test('a tile goes from claim to submission to release, and every step is recorded', async () => {
    const { assignments } = fixture.store;
    const claimed = await claim('anna', [1000, 1010], [2000, 2010]);
    expect(claimed).toMatchObject({ serviceId, stage: 'claimed', userId: 'anna', tile: { z: 12 } });
    expect(claimed.tile.x).toBeGreaterThanOrEqual(1000);
    expect(claimed.tile.x).toBeLessThanOrEqual(1010);
    expect(claimed.tile.y).toBeGreaterThanOrEqual(2000);
    expect(claimed.tile.y).toBeLessThanOrEqual(2010);
    expect(claimed).not.toHaveProperty('data');
    const submitted = await assignments.submit(serviceId, 'anna', 'anna');
    expect(submitted).toMatchObject({ stage: 'submitted', tile: claimed.tile, claimedAt: claimed.claimedAt });
    expect(await codeOf(assignments.submit(serviceId, 'anna', 'anna'))).toBe('TileAlreadyLocked');
    expect(await codeOf(assignments.release(serviceId, 'anna', 'anna'))).toBe('TileAlreadyLocked');
    const released = await assignments.forceRelease(serviceId, 'anna', 'root');
    expect(released).toMatchObject({ stage: 'released', tile: claimed.tile, userId: 'anna' });
    expect(await assignments.get(serviceId, 'anna')).toBeUndefined();
    const history = await assignments.history(serviceId);
    expect(history.map(({ from, to, actorId }) => [from, to, actorId])).toEqual([
      ['free', 'claimed', 'anna'],
      ['claimed', 'submitted', 'anna'],
      ['submitted', 'free', 'root'],
    ]);
    expect(history.every((step) => step.userId === 'anna' && step.at instanceof Date)).toBe(true);
    expect(await contradictions(fixture)).toEqual(noContradictions);
  });

  test('without a tile there is nothing to release, submit or keep data with', async () => {
    const { assignments } = fixture.store;
    expect(await codeOf(assignments.release(serviceId, 'anna', 'anna'))).toBe('TileNotAssigned');
    expect(await codeOf(assignments.submit(serviceId, 'anna', 'anna'))).toBe('TileNotAssigned');
    expect(await codeOf(assignments.forceRelease(serviceId, 'anna', 'anna'))).toBe('TileNotAssigned');
    expect(await codeOf(assignments.update(serviceId, 'anna', 'anna', {}))).toBe('TileNotAssigned');
    await claim('anna', [0, 3], [0, 3]);
    await assignments.release(serviceId, 'anna', 'anna');
    expect(await codeOf(assignments.release(serviceId, 'anna', 'anna'))).toBe('TileNotAssigned');
    expect(await codeOf(assignments.release(`${serviceId}-another`, 'anna', 'anna'))).toBe('TileNotAssigned');
  });

  test('messages name the tile, the service, and what to do', async () => {
    const { assignments } = fixture.store;
    await claim('anna', [5, 5], [6, 6]);
    await assignments.submit(serviceId, 'anna', 'anna');
    await expect(assignments.release(serviceId, 'anna', 'anna')).rejects.toThrow(
      /12\/5\/6.*campaign.*force-release/,
    );
    await expect(assignments.release(serviceId, 'berta', 'berta')).rejects.toThrow(/berta.*campaign.*Claim/);
    const refusal = await claim('berta', [5, 5], [6, 6]).catch((error) => error);
    expect(refusal).toMatchObject({
      name: 'NoTileAvailableError',
      status: 409,
      retryAfter: expect.any(Number),
    });
    expect(refusal.message).toMatch(/zoom 12, x 5–5, y 6–6.*campaign/);
  });

  test('a user keeps the tile, whatever the ranges, zoom and stage', async () => {
    const first = await claim('anna', [0, 9], [0, 9]);
    expect(await claim('anna', [0, 9], [0, 9])).toEqual(first);
    expect((await claim('anna', [100, 100], [7, 7], 9)).tile).toEqual(first.tile);
    await fixture.store.assignments.submit(serviceId, 'anna', 'anna');
    expect(await claim('anna', [50, 60], [0, 9])).toMatchObject({ tile: first.tile, stage: 'submitted' });
    const other = await claim('anna', [20, 20], [20, 20], 12, `${serviceId}-another`);
    expect(other.tile).toEqual({ z: 12, x: 20, y: 20 });
  });

  test('data come back as they were kept', async () => {
    const { assignments } = fixture.store;
    await claim('anna', [0, 9], [0, 9]);
    const data = { ['__proto__x']: 1, z: 1, a: ['ü', '\u0000', '\ud800'], deep: { none: null } };
    expect((await assignments.update(serviceId, 'anna', 'anna', data)).data).toEqual(data);
    expect((await claim('anna', [0, 9], [0, 9])).data).toEqual(data);
    expect((await assignments.submit(serviceId, 'anna', 'anna')).data).toEqual(data);
    expect((await assignments.update(serviceId, 'anna', 'anna', { done: true })).stage).toBe('submitted');
    expect(await assignments.update(serviceId, 'anna', 'anna', null)).not.toHaveProperty('data');
    expect(await assignments.history(serviceId)).toHaveLength(2);
  });

  test('data take at most 64 KiB as JSON', async () => {
    const { assignments } = fixture.store;
    await claim('anna', [0, 9], [0, 9]);
    const largest = { text: `${'ü'.repeat((65_536 - '{"text":""}'.length - 1) / 2)}x` };
    expect(Buffer.byteLength(JSON.stringify(largest))).toBe(65_536);
    expect((await assignments.update(serviceId, 'anna', 'anna', largest)).data).toEqual(largest);
    const code = await codeOf(assignments.update(serviceId, 'anna', 'anna', { text: `${largest.text}x` }));
    expect(code).toBe('ProcessParameterInvalid');
    for (const value of [{ map: new Map() }, { n: Number.NaN }, { call: () => 1 }])
      expect(await codeOf(assignments.update(serviceId, 'anna', 'anna', value))).toBe(
        'ProcessParameterInvalid',
      );
    expect((await assignments.get(serviceId, 'anna'))?.data).toEqual(largest);
  });

  test('lists what is held, the oldest claim first, per service', async () => {
    const { assignments } = fixture.store;
    for (const user of ['c', 'a', 'b']) await claim(user, [0, 9], [0, 9]);
    await claim('d', [0, 9], [0, 9], 12, `${serviceId}-another`);
    await assignments.release(serviceId, 'a', 'a');
    const list = await assignments.list(serviceId);
    expect(list.map(({ userId }) => userId).toSorted()).toEqual(['b', 'c']);
    const times = list.map(({ claimedAt }) => claimedAt.getTime());
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect(await assignments.list(`${serviceId}-nothing`)).toEqual([]);
    expect(await assignments.history(serviceId, { userId: 'a' })).toHaveLength(2);
    const [last] = await assignments.history(serviceId, { limit: 1 });
    expect(last).toMatchObject({ userId: 'a', to: 'free' });
  });

  test('names that mean something to a language or a database are only names', async () => {
    for (const name of ['__proto__', 'constructor', "'; drop table tile_assignments; --", '日本', '%'])
      expect(await claim(name, [0, 9], [0, 9], 12, name)).toMatchObject({ userId: name, serviceId: name });
  });

  test('a range is given away to the last tile, then refused, then again as tiles come back', async () => {
    const { won, refused } = await claimAll('u', 90, [3, 11], [6, 14]);
    expect(new Set(won.map(key)).size).toBe(81);
    expect(refused.map(({ code }) => code)).toEqual(Array(9).fill('NoTileAvailable'));
    const [{ userId, tile }] = won;
    await fixture.store.assignments.release(serviceId, userId, userId);
    expect((await claim('late', [3, 11], [6, 14])).tile).toEqual(tile);
    expect(await codeOf(claim('later', [3, 11], [6, 14]))).toBe('NoTileAvailable');
    expect(await contradictions(fixture)).toEqual(noContradictions);
  });

  test('room is counted inside the requested ranges, though they overlap and differ', async () => {
    const wide = await claimAll('wide', 60, [0, 30], [0, 1]);
    expect(wide.won).toHaveLength(60);
    const [freeLeft, freeRight] = [0, 1].flatMap((y) =>
      Array.from({ length: 31 }, (_, x) => ({ z: 12, x, y })).filter(
        (cell) => !wide.won.some((one) => one.tile.x === cell.x && one.tile.y === cell.y),
      ),
    );
    for (const [index, free] of [freeLeft, freeRight].entries()) {
      const inside = await claim(`in${index}`, [free.x, free.x], [0, 3 + index]);
      expect(inside.tile.x).toBe(free.x);
      await fixture.store.assignments.release(serviceId, `in${index}`, `in${index}`);
      const exact = await claim(`exact${index}`, [free.x, free.x], [free.y, free.y]);
      expect(exact.tile).toEqual(free);
    }
    expect(await codeOf(claim('none', [0, 30], [0, 1]))).toBe('NoTileAvailable');
    expect((await claim('beside', [0, 31], [0, 1])).tile.x).toBe(31);
    expect((await claim('below', [4, 5], [1, 2])).tile.y).toBe(2);
    expect(await contradictions(fixture)).toEqual(noContradictions);
  });

  test.each([
    ['the last cell of zoom 30', 30, 2 ** 30 - 1],
    ['the only cell of zoom 0', 0, 0],
    ['a corner of zoom 1', 1, 1],
  ])('%s can be claimed once', async (_, zoom, last) => {
    expect((await claim('anna', [last, last], [last, last], zoom)).tile).toEqual({
      z: zoom,
      x: last,
      y: last,
    });
    expect(await codeOf(claim('berta', [last, last], [last, last], zoom))).toBe('NoTileAvailable');
    expect(await contradictions(fixture)).toEqual(noContradictions);
  });

  test('ranges as wide as the world at zoom 30 cost nothing', async () => {
    const all: CellRange = [0, 2 ** 30 - 1];
    const tiles = await Promise.all(
      Array.from({ length: 20 }, (_, index) => claim(`u${index}`, all, all, 30)),
    );
    expect(new Set(tiles.map(key)).size).toBe(20);
    expect(Math.max(...tiles.map(({ tile }) => tile.x))).toBeGreaterThan(2 ** 28);
    expect((await claim('row', all, [7, 7], 30)).tile.y).toBe(7);
    expect(await contradictions(fixture)).toEqual(noContradictions);
  });

  test('the same user from fifty clients gets one tile', async () => {
    const tiles = await Promise.all(Array.from({ length: 50 }, () => claim('anna', [0, 99], [0, 99])));
    expect(new Set(tiles.map(key)).size).toBe(1);
    expect(await fixture.store.assignments.history(serviceId)).toHaveLength(1);
    const last = await Promise.allSettled(
      Array.from({ length: 50 }, () => claim('berta', [200, 200], [0, 0])),
    );
    expect(last.every(({ status }) => status === 'fulfilled')).toBe(true);
  });

  test('one release of many at once wins', async () => {
    await claim('anna', [0, 9], [0, 9]);
    const codes = await Promise.all(
      Array.from({ length: 20 }, () => codeOf(fixture.store.assignments.release(serviceId, 'anna', 'anna'))),
    );
    expect(codes.toSorted()).toEqual([...Array(19).fill('TileNotAssigned'), 'none']);
    expect(await contradictions(fixture)).toEqual(noContradictions);
  });

  test('claims and releases at once leave blocks and history right', async () => {
    const areas: [CellRange, CellRange][] = [
      [
        [4, 12],
        [4, 12],
      ],
      [
        [4, 9],
        [6, 12],
      ],
      [
        [8, 12],
        [4, 7],
      ],
    ];
    const play = async (user: string, [xRange, yRange]: [CellRange, CellRange]) => {
      for (let turn = 0; turn < 12; turn++) {
        const outcome = await codeOf(claim(user, xRange, yRange));
        if (outcome === 'none') await fixture.store.assignments.release(serviceId, user, user);
        else expect(outcome).toBe('NoTileAvailable');
      }
    };
    await claimAll('fixed', 70, [4, 12], [4, 12]);
    await Promise.all(Array.from({ length: 30 }, (_, index) => play(`u${index}`, areas[index % 3])));
    expect(await contradictions(fixture)).toEqual(noContradictions);
  });

  test('each free tile is claimed equally often', async () => {
    const { assignments } = fixture.store;
    const counts = new Map<string, number>();
    await claimAll('fixed', 3, [3, 4], [6, 7]);
    const draws = 1320;
    // One after the other, so that each claim finds the same twelve tiles free.
    for (let draw = 0; draw < draws; draw++) {
      const tile = key(await claim('anna', [2, 6], [6, 8]));
      counts.set(tile, (counts.get(tile) ?? 0) + 1);
      await assignments.release(serviceId, 'anna', 'anna');
    }
    expect(counts.size).toBe(12);
    const expected = draws / 12;
    const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    // Eleven degrees of freedom: beyond this once in a million runs.
    expect(chiSquare).toBeLessThan(48.8);
  });

  test('each of the last free tiles is claimed equally often by users who ask at once', async () => {
    const { assignments } = fixture.store;
    // 8 of 400 are free: random cells seldom find them, so claims look together at what is left.
    await claimAll('fixed', 392, [2, 21], [5, 24]);
    const counts = new Map<string, number>();
    const draws = 600;
    for (let draw = 0; draw < draws; draw += 4) {
      const { won } = await claimAll('u', 4, [2, 21], [5, 24]);
      expect(new Set(won.map(key)).size).toBe(4);
      for (const tile of won.map(key)) counts.set(tile, (counts.get(tile) ?? 0) + 1);
      await Promise.all(won.map(({ userId }) => assignments.release(serviceId, userId, userId)));
    }
    expect(counts.size).toBe(8);
    const expected = draws / 8;
    const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    // Seven degrees of freedom: beyond this less than once in a million runs, as the four of a round differ.
    expect(chiSquare).toBeLessThan(40.6);
    expect(await contradictions(fixture)).toEqual(noContradictions);
  });

  test('history cannot be changed', async () => {
    await claim('anna', [0, 9], [0, 9]);
    await expect(fixture.rows('delete from tile_history returning id')).rejects.toThrow('append-only');
    await expect(fixture.rows(`update tile_history set user_id = 'x' returning id`)).rejects.toThrow(
      'append-only',
    );
  });

  test('a second store on the same database sees the same tiles', async () => {
    const { tile } = await claim('anna', [0, 9], [0, 9]);
    const rows = await fixture.rows<{ x: number; y: number }>(
      `select x, y from tile_assignments where service_id = '${serviceId}'`,
    );
    expect(rows).toEqual([{ x: tile.x, y: tile.y }]);
    await fixture.store.ping();
  });
});
