const clearCode = 256;
const endCode = 257;
const tableSize = 4096;

/**
 * TIFF's LZW: codes of 9 to 12 bits, most significant bit first, widened one code early. Every code is
 * kept as the place in the output where its string was last written, so a string is copied from there.
 * @throws Error for codes that can't occur.
 */
export function decodeLzw(bytes: Uint8Array, expected: number): Uint8Array {
  if (bytes.length >= 2 && bytes[0] === 0 && (bytes[1] & 1) === 1)
    throw new Error('the old form of LZW (before TIFF 6) is not supported');
  const out = new Uint8Array(expected);
  const starts = new Int32Array(tableSize);
  const lengths = new Int32Array(tableSize);
  let next = endCode + 1;
  let width = 9;
  let previous = -1;
  let previousStart = 0;
  let previousLength = 0;
  let buffer = 0;
  let available = 0;
  let from = 0;
  let to = 0;
  while (to < expected) {
    while (available < width && from < bytes.length) {
      buffer = ((buffer << 8) | bytes[from++]) & 0xffffff;
      available += 8;
    }
    if (available < width) break;
    const code = (buffer >>> (available - width)) & ((1 << width) - 1);
    available -= width;
    if (code === endCode) break;
    if (code === clearCode) {
      next = endCode + 1;
      width = 9;
      previous = -1;
      continue;
    }
    const start = to;
    if (code < clearCode) out[to++] = code;
    else if (code < next && previous >= 0) {
      let source = starts[code];
      const end = Math.min(expected, to + lengths[code]);
      while (to < end) out[to++] = out[source++];
    } else if (code === next && previous >= 0) {
      // The string that is being defined: the previous one and its own first byte.
      let source = previousStart;
      const end = Math.min(expected, to + previousLength + 1);
      while (to < end) out[to++] = out[source++];
    } else throw new Error('its LZW data is damaged');
    if (previous >= 0 && next < tableSize) {
      starts[next] = previousStart;
      lengths[next] = previousLength + 1;
      next++;
      if (next + 1 === 1 << width && width < 12) width++;
    }
    previous = code;
    previousStart = start;
    previousLength = to - start;
  }
  return to === expected ? out : out.subarray(0, to);
}
