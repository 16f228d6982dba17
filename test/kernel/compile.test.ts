import { CodeCache } from '../../src/kernel/code-cache';
import { compileStep } from '../../src/kernel/compile';

describe('compiled steps', () => {
  it('compile once for equal code', () => {
    const output = new Float64Array(1);
    const run = (value: number) => {
      const compiled = compileStep({ source: `O[0][0] = ${value};`, functions: [] });
      compiled([], [], new Float64Array(0), [], [output], [], [], [], 0, 1);
      return compiled;
    };
    expect(run(1)).toBe(run(1));
    expect(output[0]).toBe(1);
    expect(run(2)).not.toBe(run(1));
  });
});

describe('the cache of compiled code', () => {
  const compile = (cache: CodeCache<{ text: string }>, text: string) => cache.compile(text, () => ({ text }));

  it('forgets what was not used for longest when it is full', () => {
    const cache = new CodeCache<{ text: string }>(3);
    const first = compile(cache, 'one');
    const second = compile(cache, 'two');
    compile(cache, 'three');
    expect(compile(cache, 'one')).toBe(first);
    compile(cache, 'four');
    expect(cache.size).toBe(3);
    expect(compile(cache, 'one')).toBe(first);
    expect(compile(cache, 'two')).not.toBe(second);
  });

  it('bounds the characters of its texts, and still gives what is larger', () => {
    const cache = new CodeCache<{ text: string }>(1000, 30);
    compile(cache, 'a'.repeat(20));
    compile(cache, 'b'.repeat(20));
    expect(cache.size).toBe(1);
    expect(compile(cache, 'c'.repeat(100)).text).toHaveLength(100);
    expect(cache.size).toBeLessThanOrEqual(1);
  });
});
