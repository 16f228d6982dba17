/** A finite value of a float32 cube as the shortest text that is the same 32-bit number again: 0.1, not 0.10000000149011612. */
export function floatText(value: number): string {
  // Values that were computed with 64 bits keep them.
  if (Number.isSafeInteger(value) || Math.fround(value) !== value) return String(value);
  for (const digits of [7, 8]) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(9)));
}
