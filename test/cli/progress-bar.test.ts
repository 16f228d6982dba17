import { clockTime, drawProgress, ProgressRate } from '../../src/cli/progress-bar';
import type { JobRecord } from '../../src/store/records/jobs/types';

const job = (progress: number, more = {}) =>
  ({ progress, status: 'running', message: 'Generating tiles… 42%', ...more }) as unknown as JobRecord;

test('rate and remaining time come from the last while, and a new start begins anew', () => {
  const rate = new ProgressRate();
  expect(rate.perSecond).toBeUndefined();
  rate.add(10, 0);
  expect(rate.remaining).toBeUndefined();
  rate.add(30, 10_000);
  expect([rate.perSecond, rate.remaining]).toEqual([2, 35]);
  // Only the last minute counts.
  for (let second = 20; second <= 200; second += 10) rate.add(30 + second / 10, second * 1000);
  expect(rate.perSecond).toBeCloseTo(0.1, 5);
  rate.add(0, 201_000);
  expect(rate.perSecond).toBeUndefined();
});

test('the line has a bar, the number, the rate, what is left and the message, and fits the terminal', () => {
  const rate = new ProgressRate();
  rate.add(0, 0);
  rate.add(50, 25_000);
  expect(drawProgress(job(50), rate, 120)).toBe(
    '[############------------]   50.0 %  2.0 %/s  ETA 0:25  Generating tiles… 42%',
  );
  expect(drawProgress(job(50), rate, 40)).toHaveLength(39);
  expect(drawProgress(job(100, { status: 'completed', message: 'completed' }), rate, undefined)).toBe(
    '100.0 %  completed',
  );
  expect([clockTime(0), clockTime(65), clockTime(3723)]).toEqual(['0:00', '1:05', '1:02:03']);
});
