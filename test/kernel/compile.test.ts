import { StepCache } from '../../src/kernel/compile';

describe('the cache of compiled steps', () => {
  const step = (value: number) => ({ source: `O[0][0] = ${value};`, functions: [] });
  const output = new Float64Array(1);
  const run = (cache: StepCache, value: number) => {
    const compiled = cache.compile(step(value));
    compiled([], [], new Float64Array(0), [], [output], [], [], [], 0, 1);
    return compiled;
  };

  it('compiles equal code once', () => {
    const cache = new StepCache();
    expect(run(cache, 1)).toBe(run(cache, 1));
    expect(output[0]).toBe(1);
    expect(run(cache, 2)).not.toBe(run(cache, 1));
    expect(cache.size).toBe(2);
  });

  it('forgets what was not used for longest when it is full', () => {
    const cache = new StepCache(3);
    const first = run(cache, 1);
    const second = run(cache, 2);
    run(cache, 3);
    expect(run(cache, 1)).toBe(first);
    run(cache, 4);
    expect(cache.size).toBe(3);
    expect(run(cache, 1)).toBe(first);
    expect(run(cache, 2)).not.toBe(second);
  });

  it('bounds the characters of its sources, and still runs what is larger', () => {
    const cache = new StepCache(1000, 30);
    run(cache, 1);
    run(cache, 1234567890123);
    expect(cache.size).toBe(1);
    cache.compile({ source: `/* ${'long '.repeat(20)} */`, functions: [] });
    expect(cache.size).toBeLessThanOrEqual(1);
  });
});
