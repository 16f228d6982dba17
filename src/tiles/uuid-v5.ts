/** The block that is digested, and what SHA-1 makes of it; used again because 5,000 names come at a time. */
const words = new Int32Array(80);
const state = new Int32Array(5);
const initial = Int32Array.of(0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0);
const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** SHA-1 of one block (FIPS 180-4, section 6.1.2), whose 16 words are in `words`, added to `state`. */
function addBlock(): void {
  for (let t = 16; t < 80; t++) {
    const mixed = words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16];
    words[t] = (mixed << 1) | (mixed >>> 31);
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  // A loop for each of the four functions: a choice in every round costs a third of all.
  for (let t = 0; t < 20; t++) {
    const next = (((a << 5) | (a >>> 27)) + ((b & c) | (~b & d)) + 0x5a827999 + e + words[t]) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let t = 20; t < 40; t++) {
    const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + 0x6ed9eba1 + e + words[t]) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let t = 40; t < 60; t++) {
    const next = (((a << 5) | (a >>> 27)) + ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc + e + words[t]) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let t = 60; t < 80; t++) {
    const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + 0xca62c1d6 + e + words[t]) | 0;
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

/** Digests a message that is padded to whole blocks. */
function digest(message: Buffer): void {
  for (let start = 0; start < message.length; start += 64) {
    for (let t = 0; t < 16; t++) words[t] = message.readInt32BE(start + 4 * t);
    addBlock();
  }
}

/** The same for a name of plain characters that fits into one block, as those of cells do; false for others. */
function digestShort(namespace: Uint8Array, name: string): boolean {
  const length = 16 + name.length;
  if (length > 55) return false;
  words.fill(0, 0, 15);
  for (let at = 0; at < 16; at++) words[at >> 2] |= namespace[at] << (24 - 8 * (at & 3));
  for (let at = 16; at < length; at++) {
    const code = name.charCodeAt(at - 16);
    if (code > 127) return false;
    words[at >> 2] |= code << (24 - 8 * (at & 3));
  }
  words[length >> 2] |= 0x80 << (24 - 8 * (length & 3));
  words[15] = length * 8;
  addBlock();
  return true;
}

function digestLong(namespace: Uint8Array, name: string): void {
  const length = 16 + Buffer.byteLength(name);
  const message = Buffer.alloc(Math.ceil((length + 9) / 64) * 64);
  message.set(namespace);
  message.write(name, 16);
  message[length] = 0x80;
  message.writeUInt32BE(length * 8, message.length - 4);
  digest(message);
}

/**
 * UUIDv5 (RFC 9562, section 5.5) of a name, lowercase with hyphens. Synchronous and without a call into OpenSSL,
 * which costs more than the digest of so few bytes.
 * @param namespace 16 bytes
 */
export function uuidV5(namespace: Uint8Array, name: string): string {
  state.set(initial);
  if (!digestShort(namespace, name)) digestLong(namespace, name);
  let text = '';
  for (let index = 0; index < 16; index++) {
    let byte = (state[index >> 2] >>> (24 - 8 * (index & 3))) & 255;
    if (index === 6) byte = (byte & 0x0f) | 0x50;
    if (index === 8) byte = (byte & 0x3f) | 0x80;
    text += index === 4 || index === 6 || index === 8 || index === 10 ? `-${hex[byte]}` : hex[byte];
  }
  return text;
}
