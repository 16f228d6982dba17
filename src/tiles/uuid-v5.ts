/** Message, padding and length of the last name; used again because 5,000 names come at a time. */
const scratch = Buffer.alloc(128);
const words = new Int32Array(80);
const state = new Int32Array(5);
const initial = Int32Array.of(0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0);
const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** One block of SHA-1 (FIPS 180-4, section 6.1.2), added to `state`. */
function addBlock(message: Buffer, start: number): void {
  for (let t = 0; t < 16; t++) words[t] = message.readInt32BE(start + 4 * t);
  for (let t = 16; t < 80; t++) {
    const mixed = words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16];
    words[t] = (mixed << 1) | (mixed >>> 31);
  }
  let [a, b, c, d, e] = state;
  for (let t = 0; t < 80; t++) {
    let mixed: number;
    if (t < 20) mixed = ((b & c) | (~b & d)) + 0x5a827999;
    else if (t < 40) mixed = (b ^ c ^ d) + 0x6ed9eba1;
    else if (t < 60) mixed = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
    else mixed = (b ^ c ^ d) + 0xca62c1d6;
    const next = (((a << 5) | (a >>> 27)) + mixed + e + words[t]) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
}

/**
 * UUIDv5 (RFC 9562, section 5.5) of a name, lowercase with hyphens. Synchronous and without a call into OpenSSL,
 * which costs more than the digest of so few bytes.
 * @param namespace 16 bytes
 */
export function uuidV5(namespace: Uint8Array, name: string): string {
  const length = 16 + Buffer.byteLength(name);
  const padded = Math.ceil((length + 9) / 64) * 64;
  const message = padded <= scratch.length ? scratch : Buffer.alloc(padded);
  message.fill(0, length, padded);
  message.set(namespace);
  message.write(name, 16);
  message[length] = 0x80;
  message.writeUInt32BE(length * 8, padded - 4);
  state.set(initial);
  for (let start = 0; start < padded; start += 64) addBlock(message, start);
  let text = '';
  for (let index = 0; index < 16; index++) {
    let byte = (state[index >> 2] >>> (24 - 8 * (index & 3))) & 255;
    if (index === 6) byte = (byte & 0x0f) | 0x50;
    if (index === 8) byte = (byte & 0x3f) | 0x80;
    text += index === 4 || index === 6 || index === 8 || index === 10 ? `-${hex[byte]}` : hex[byte];
  }
  return text;
}
