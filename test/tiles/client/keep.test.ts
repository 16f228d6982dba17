import { decide, type KeepRules, parseSectorClasses, sectorClasses } from '../../../src/tiles/client/keep';
import { retryAfterMs, retrying, TransientError } from '../../../src/tiles/client/retry';

const day = 24 * 60 * 60 * 1e6;
const now = 2e15;
const rules = (changes: Partial<KeepRules> = {}): KeepRules => ({ sector: { stale: 'reject' }, ...changes });
const tile = (ageDays: number, resolution = 1) => ({ capturedAt: now - ageDays * day, resolution });
const fresh = { now, isJournalled: false };

test('7.3 a tile is kept that is there, fresh, fine enough and not journalled', () => {
  const conflict = { sector: sectorClasses.get('active_conflict')!, maxResolution: 2 };
  expect(decide(tile(1), conflict, fresh)).toEqual({ keep: true, isDowngraded: false });
  expect(decide(undefined, conflict, fresh)).toEqual({ keep: false, reason: 'absent' });
  expect(decide(tile(31), conflict, fresh)).toEqual({ keep: false, reason: 'stale' });
  expect(decide(tile(1, 3), conflict, fresh)).toEqual({ keep: false, reason: 'too coarse' });
  expect(decide(tile(1), conflict, { now, isJournalled: true })).toEqual({
    keep: false,
    reason: 'journalled',
  });
});

test('7.4 in active_conflict tiles of 30 days are too old: rejected, or kept with a mark', () => {
  const reject = rules({ sector: sectorClasses.get('active_conflict') });
  expect(decide({ ...tile(30), capturedAt: now - 30 * day + 1 }, reject, fresh).keep).toBe(true);
  expect(decide(tile(30), reject, fresh)).toEqual({ keep: false, reason: 'stale' });
  const downgrade = rules({ sector: { maxAgeDays: 30, stale: 'downgrade' } });
  expect(decide(tile(30), downgrade, fresh)).toEqual({ keep: true, isDowngraded: true });
  expect(decide(tile(29), downgrade, fresh)).toEqual({ keep: true, isDowngraded: false });
  // A clock that is behind the server's makes nothing stale.
  expect(decide(tile(-5), reject, fresh)).toEqual({ keep: true, isDowngraded: false });
});

test('7.4 other classes are configured, and none limits the age without it', () => {
  expect(decide(tile(9999), rules({ sector: sectorClasses.get('unclassified') }), fresh).keep).toBe(true);
  const classes = parseSectorClasses(
    '{"stable_rear": {"max_age_days": 365, "stale": "downgrade"}, "active_conflict": {"max_age_days": 7}}',
  );
  expect(classes.get('stable_rear')).toEqual({ maxAgeDays: 365, stale: 'downgrade' });
  expect(classes.get('active_conflict')).toEqual({ maxAgeDays: 7, stale: 'reject' });
  expect(classes.has('unclassified')).toBe(true);
});

test.each([
  ['[]', /object/],
  ['{"a": {"max_age_days": -1}}', /a\.max_age_days/],
  ['{"a": {"stale": "burn"}}', /a\.stale/],
  ['{"a": {"age": 1}}', /a\.age is unknown/],
  ['x', /JSON/],
])('7.4 classes %s are refused', (text, message) => {
  expect(() => parseSectorClasses(text)).toThrow(message);
});

test('7.5 the resolution gate takes what is as fine as the limit, and nothing that is not known to be', () => {
  const gate = rules({ maxResolution: 0.5 });
  expect(decide(tile(0, 0.5), gate, fresh).keep).toBe(true);
  expect(decide(tile(0, 0.500001), gate, fresh)).toEqual({ keep: false, reason: 'too coarse' });
  expect(decide(tile(0, Number.NaN), gate, fresh)).toEqual({ keep: false, reason: 'too coarse' });
});

describe('7.6 retries', () => {
  const options = { retries: 3, pauseMs: 1, signal: new AbortController().signal };

  test('transient failures only, so often and no more', async () => {
    let calls = 0;
    const failing = (error: Error, times: number) => () => {
      calls++;
      return calls <= times ? Promise.reject(error) : Promise.resolve('done');
    };
    expect(await retrying(failing(new TransientError('busy'), 3), options)).toBe('done');
    expect(calls).toBe(4);
    calls = 0;
    await expect(retrying(failing(new TransientError('busy'), 9), options)).rejects.toThrow('busy');
    expect(calls).toBe(4);
    calls = 0;
    await expect(retrying(failing(new Error('no'), 9), options)).rejects.toThrow('no');
    expect(calls).toBe(1);
  });

  test('an abort ends a pause at once', async () => {
    const stopping = new AbortController();
    const waiting = retrying(() => Promise.reject(new TransientError('busy', 30_000)), {
      ...options,
      signal: stopping.signal,
    });
    stopping.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow(/stop|abort/);
  });

  test.each([
    ['2', 2000],
    [' 0 ', 0],
    ['Thu, 01 Jan 1970 00:00:12 GMT', 2000],
    ['Thu, 01 Jan 1970 00:00:01 GMT', 0],
    ['soon', undefined],
    [undefined, undefined],
  ])('Retry-After %p', (header, expected) => {
    expect(retryAfterMs(header, 10_000)).toBe(expected);
  });
});
