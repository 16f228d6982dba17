import { once } from 'node:events';
import { crc32, createDeflate } from 'node:zlib';
import { compressPicture, deflateOptions, isFiltered } from './compress';
import { filterRows, type PngHeader } from './rows';

function chunk(type: string, body: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(body.length + 12);
  bytes.writeUInt32BE(body.length, 0);
  bytes.write(type, 4, 'latin1');
  bytes.set(body, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, body.length + 8)), body.length + 8);
  return bytes;
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Everything before the pixels: signature, IHDR, PLTE, tRNS. */
function head(header: PngHeader): Buffer[] {
  const ihdr = Buffer.alloc(13);
  ihdr.writeUInt32BE(header.width, 0);
  ihdr.writeUInt32BE(header.height, 4);
  ihdr[8] = header.depth;
  ihdr[9] = header.colourType;
  const chunks = [signature, chunk('IHDR', ihdr)];
  const { palette } = header;
  if (palette) {
    const entries = palette.length / 4;
    const colours = new Uint8Array(entries * 3);
    let transparent = 0;
    for (let entry = 0; entry < entries; entry++) {
      colours.set(palette.subarray(entry * 4, entry * 4 + 3), entry * 3);
      if (palette[entry * 4 + 3] < 255) transparent = entry + 1;
    }
    chunks.push(chunk('PLTE', colours));
    if (transparent)
      chunks.push(
        chunk(
          'tRNS',
          Uint8Array.from({ length: transparent }, (_, i) => palette[i * 4 + 3]),
        ),
      );
  }
  return chunks;
}

const end = chunk('IEND', new Uint8Array());

export interface PngOptions {
  /** zlib level 0 (stored) to 9. */
  readonly level: number;
}

/** A whole picture at once, compressed off the main thread. */
export async function encodePng(
  header: PngHeader,
  samples: Uint8Array | Uint16Array,
  options: PngOptions,
): Promise<Buffer> {
  const body = await compressPicture(header, samples, options.level);
  return Buffer.concat([...head(header), chunk('IDAT', body), end]);
}

/** A picture that arrives in strips of whole rows. */
export async function encodePngStrips(
  header: PngHeader,
  strips: AsyncIterable<Uint8Array | Uint16Array>,
  options: PngOptions,
): Promise<Buffer> {
  const deflater = createDeflate(deflateOptions(header, options.level, 1 << 18));
  const parts = head(header);
  deflater.on('data', (bytes: Buffer) => parts.push(chunk('IDAT', bytes)));
  const ended = once(deflater, 'end');
  ended.catch(() => {});
  try {
    for await (const strip of strips)
      if (!deflater.write(filterRows(header, strip, isFiltered(header, options.level))))
        await once(deflater, 'drain');
    deflater.end();
    await ended;
  } finally {
    deflater.destroy();
  }
  return Buffer.concat([...parts, end]);
}
