import { foldCase } from '../../../src/processes/texts/fold-case';
import { indexOf } from '../../../src/processes/texts/index-of';
import { findText } from '../../../src/processes/texts/matching';

test('characters are equal without case just where regular expressions have them so', () => {
  const differing: string[] = [];
  for (let code = 0; code <= 0x10ffff; code++) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const character = String.fromCodePoint(code);
    const folded = foldCase(character);
    const others = [folded, character.toLowerCase(), character.toUpperCase()].filter(
      (other) => other !== character && [...other].length === 1,
    );
    if (others.length === 0) continue;
    const same = new RegExp(`^\\u{${code.toString(16)}}$`, 'iu');
    for (const other of others)
      if (same.test(other) !== (foldCase(other) === folded)) differing.push(`${character} ${other}`);
    if (folded.length !== character.length) differing.push(character);
  }
  expect(differing).toEqual([]);
});

describe('long texts', () => {
  const a = (count: number) => 'a'.repeat(count);

  test.each([
    [`${a(5000)}b${a(5000)}`, a(1_000_000)],
    [a(200_000), `${a(199_999)}b`.repeat(10)],
    [`${'ab'.repeat(5000)}c`, 'ab'.repeat(500_000)],
  ])('are searched in time that grows with their length, however they repeat themselves', (pattern, text) => {
    expect(indexOf(text, pattern)).toBe(-1);
    expect(indexOf(`${text}x${pattern}${text}`, pattern)).toBe(text.length + 1);
    expect(findText(`${text}${pattern.toUpperCase()}`, pattern, 'end', false)).toBe(text.length);
  });

  test('overlapping beginnings of a pattern are not passed over', () => {
    const pattern = `${'aab'.repeat(2000)}aac`;
    const text = `${'x'.repeat(10_000)}${'aab'.repeat(3000)}aac`;
    expect(indexOf(text, pattern)).toBe(text.indexOf(pattern));
  });
});
