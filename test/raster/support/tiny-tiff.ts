import { deflateSync } from 'node:zlib';

type Value = number | readonly number[];

/** What the maker is told beyond its defaults; `tags` replace or add entries: [type, values]. */
export interface TinyOptions {
  readonly width?: number;
  readonly height?: number;
  readonly block?: number;
  readonly tags?: Readonly<Record<number, readonly [type: number, value: Value] | undefined>>;
  /** Compressed data of every block in place of the right one. */
  readonly data?: Uint8Array;
  /** Blocks are not compressed. */
  readonly isPlain?: boolean;
  /** Where the directory says the next one is. */
  readonly next?: number;
}

const sizes: Record<number, number> = { 1: 1, 2: 1, 3: 2, 4: 4, 12: 8 };

/**
 * A small tiled GeoTIFF in EPSG:32632: 8-bit, one band, deflate; pixel (column, row) is
 * (column + 3·row) mod 251 + 1. Made by hand, so that tests can damage what they want.
 */
export function tinyTiff(options: TinyOptions = {}): Buffer {
  const { width = 64, height = 48, block = 16 } = options;
  const across = Math.ceil(width / block);
  const down = Math.ceil(height / block);
  const blocks: Uint8Array[] = [];
  for (let row = 0; row < down; row++)
    for (let column = 0; column < across; column++) {
      const pixels = new Uint8Array(block * block);
      for (let y = 0; y < block; y++)
        for (let x = 0; x < block; x++) pixels[y * block + x] = pixelOf(column * block + x, row * block + y);
      blocks.push(options.data ?? (options.isPlain ? pixels : deflateSync(pixels)));
    }
  const bodies = Buffer.concat(blocks);
  const start = 8;
  let at = start;
  const offsets = blocks.map(({ length }) => {
    const offset = at;
    at += length;
    return offset;
  });
  const entries = new Map<number, readonly [number, Value] | undefined>([
    [256, [4, width]],
    [257, [4, height]],
    [258, [3, 8]],
    [259, [3, options.isPlain ? 1 : 8]],
    [262, [3, 1]],
    [277, [3, 1]],
    [322, [4, block]],
    [323, [4, block]],
    [324, [4, offsets]],
    [325, [4, blocks.map(({ length }) => length)]],
    [33550, [12, [10, 10, 0]]],
    [33922, [12, [0, 0, 0, 600000, 5000000, 0]]],
    [34735, [3, [1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32632]]],
  ]);
  for (const [number, value] of Object.entries(options.tags ?? {})) entries.set(Number(number), value);
  const list = [...entries].filter((entry) => entry[1] !== undefined).sort(([a], [b]) => a - b);
  const directory = start + bodies.length + (bodies.length % 2);
  const extra: Buffer[] = [];
  let extraAt = directory + 2 + list.length * 12 + 4;
  const head = Buffer.alloc(2 + list.length * 12 + 4);
  head.writeUInt16LE(list.length, 0);
  list.forEach(([number, entry], index) => {
    const [type, value] = entry!;
    const values = typeof value === 'number' ? [value] : value;
    const bytes = Buffer.alloc(Math.max(4, values.length * sizes[type]));
    values.forEach((each, i) => {
      if (sizes[type] === 1) bytes.writeUInt8(each, i);
      else if (type === 3) bytes.writeUInt16LE(each, i * 2);
      else if (type === 4) bytes.writeUInt32LE(each, i * 4);
      else bytes.writeDoubleLE(each, i * 8);
    });
    const position = 2 + index * 12;
    head.writeUInt16LE(number, position);
    head.writeUInt16LE(type, position + 2);
    head.writeUInt32LE(values.length, position + 4);
    if (bytes.length <= 4) bytes.copy(head, position + 8);
    else {
      head.writeUInt32LE(extraAt, position + 8);
      extra.push(bytes);
      extraAt += bytes.length;
    }
  });
  head.writeUInt32LE(options.next ?? 0, 2 + list.length * 12);
  const intro = Buffer.from([0x49, 0x49, 42, 0, 0, 0, 0, 0]);
  intro.writeUInt32LE(directory, 4);
  return Buffer.concat([intro, bodies, Buffer.alloc(bodies.length % 2), head, ...extra]);
}

/** The value that {@link tinyTiff} puts at a pixel. */
export function pixelOf(column: number, row: number): number {
  return ((column + 3 * row) % 251) + 1;
}
