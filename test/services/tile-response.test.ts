import { matchesTag } from '../../src/services/tile-response';
import { escapeXml } from '../../src/services/wmts';

test.each([
  [undefined, false],
  ['"a"', true],
  ['W/"a"', true],
  ['"b"', false],
  ['"b", W/"a" ,"c"', true],
  ['*', true],
  ['a', false],
  ['"aa"', false],
])('If-None-Match %s matches "a": %s', (header, expected) => {
  expect(matchesTag(header, '"a"')).toBe(expected);
});

test('text becomes safe XML whatever it holds', () => {
  expect(escapeXml(`<a b="c">&'\u0000\u0008\n\ud800é😀`)).toBe(
    '&lt;a b=&quot;c&quot;&gt;&amp;&apos;\n\ufffdé😀',
  );
});
