import { assertHarmlessPattern, longestText, patternCost } from '../../src/base/patterns';

test.each([
  ['abc', 1, 0],
  ['^[a-z]+-[0-9]+$', 1, 2],
  ['(\r\n|\r|\n)', 3, 0],
  ['^#([0-9a-f]{3}|[0-9a-f]{6})$', 2, 0],
  ['a?b??c{0,1}', 8, 0],
  ['(?:a|b(c|d)?){2}', 16, 0],
  ['[^\\]()*+?{|]\\(\\)\\*a{2}', 1, 0],
  ['(?<name>x)(?=y|z)(?<!w)', 2, 0],
  ['\\w{1,64}', 64, 0],
  ['\\w{1,200}', 1, 1],
  ['a{x}', 1, 0],
  ['^P(\\d+)Y(\\d+)([DW])$', 1, 0],
])('%j can be matched in %d ways, with %d open ends', (pattern, choices, unbounded) => {
  expect(patternCost(pattern)).toEqual({ choices, unbounded });
});

test.each([
  '^(a+)+$',
  '^(a*)*$',
  '((a+b?)+)',
  '([ab]|a){30}',
  '^(?:[ab]?){32}c$',
  '(a{2,}){2,}',
  '(x)\\1',
  '(?<x>a)\\k<x>',
  'a*b*c*',
])('%s could take too long', (pattern) => {
  expect(() => assertHarmlessPattern(pattern)).toThrow('can take too long to match');
});

test('what grows faster than the text is tried on short texts only', () => {
  expect(longestText('^\\w+$')).toBeGreaterThan(1e7);
  expect(longestText('\\w+$')).toBe(1000);
  expect(longestText('^\\w*\\d*$')).toBe(1000);
  expect(longestText('\\w*\\d*$')).toBeCloseTo(100);
});
