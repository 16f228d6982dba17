import { crc32, inflateSync } from 'node:zlib';

export interface DecodedPng {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
  readonly palette?: Buffer;
  readonly transparency?: Buffer;
  readonly chunks: string[];
  /** Samples in rows, 16-bit ones joined, indices unpacked. */
  readonly samples: number[];
}

/** A second reading of ISO/IEC 15948, written without the encoder: checks CRCs, undoes all five filters. */
export function decodePng(bytes: Buffer): DecodedPng {
  if (bytes.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') throw new Error('no PNG signature');
  const chunks: string[] = [];
  const parts: Buffer[] = [];
  let ihdr = Buffer.alloc(13);
  let palette: Buffer | undefined;
  let transparency: Buffer | undefined;
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (crc32(bytes.subarray(at + 4, at + 8 + length)) !== bytes.readUInt32BE(at + 8 + length))
      throw new Error(`wrong CRC of ${type}`);
    chunks.push(type);
    if (type === 'IHDR') ihdr = Buffer.from(body);
    if (type === 'PLTE') palette = body;
    if (type === 'tRNS') transparency = body;
    if (type === 'IDAT') parts.push(body);
    at += length + 12;
  }
  const width = ihdr.readUInt32BE(0);
  const height = ihdr.readUInt32BE(4);
  const [depth, colourType] = [ihdr[8], ihdr[9]];
  const perPixel = [1, 0, 3, 1, 2, 0, 4][colourType];
  const rowBytes = Math.ceil((width * perPixel * depth) / 8);
  const step = Math.max(1, (perPixel * depth) / 8);
  const raw = inflateSync(Buffer.concat(parts));
  if (raw.length !== height * (rowBytes + 1)) throw new Error(`${raw.length} bytes of pixels`);
  let above = Buffer.alloc(rowBytes);
  const samples: number[] = [];
  for (let row = 0; row < height; row++) {
    const filter = raw[row * (rowBytes + 1)];
    const line = Buffer.from(raw.subarray(row * (rowBytes + 1) + 1, (row + 1) * (rowBytes + 1)));
    for (let i = 0; i < rowBytes; i++) {
      const a = i >= step ? line[i - step] : 0;
      const b = above[i];
      const c = i >= step ? above[i - step] : 0;
      const p = a + b - c;
      const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
      const paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
      line[i] = (line[i] + [0, a, b, (a + b) >> 1, paeth][filter]) & 255;
    }
    above = line;
    for (let i = 0; i < width * perPixel; i++)
      samples.push(
        depth === 16
          ? line.readUInt16BE(i * 2)
          : (line[Math.floor((i * depth) / 8)] >> (8 - depth - ((i * depth) % 8))) & (2 ** depth - 1),
      );
  }
  return { width, height, depth, colourType, palette, transparency, chunks, samples };
}
