/** Apple's run-length code: a count byte, then one byte to repeat or the bytes themselves. */
export function decodePackBits(bytes: Uint8Array, expected: number): Uint8Array {
  const out = new Uint8Array(expected);
  let to = 0;
  for (let from = 0; from + 1 < bytes.length && to < expected; ) {
    const count = (bytes[from++] << 24) >> 24;
    if (count === -128) continue;
    if (count < 0) {
      const end = Math.min(expected, to + 1 - count);
      out.fill(bytes[from++], to, end);
      to = end;
    } else {
      const part = bytes.subarray(from, from + Math.min(count + 1, expected - to));
      out.set(part, to);
      to += part.length;
      from += count + 1;
    }
  }
  return to === expected ? out : out.subarray(0, to);
}
