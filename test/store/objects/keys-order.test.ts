import { compareKeys } from '../../../src/store/objects/keys';

test('keys are in the order of their UTF-8 bytes', () => {
  const parts = [
    '',
    'a',
    'b',
    'a/',
    '-',
    '\u007f',
    'ä',
    '\uffff',
    '\ue000',
    '\ud7ff',
    '😀',
    '😁',
    '\u{10000}',
  ];
  const keys = parts.flatMap((one) => parts.flatMap((other) => [one + other, `a/${one}${other}`]));
  for (const one of keys)
    for (const other of keys)
      expect([one, other, Math.sign(compareKeys(one, other))]).toEqual([
        ...[one, other, Buffer.compare(Buffer.from(one), Buffer.from(other))],
      ]);
});
