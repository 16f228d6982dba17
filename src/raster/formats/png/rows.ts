import { filterUpFast } from './up';

/** PNG's colour types (ISO/IEC 15948, 11.2.2). */
export const colourType = { grey: 0, rgb: 2, indexed: 3, greyAlpha: 4, rgba: 6 } as const;

/** By colour type. */
export const samplesPerPixel: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits per sample; below 8 for indexed pictures only. */
  readonly depth: 1 | 2 | 4 | 8 | 16;
  readonly colourType: number;
  /** RGBA, four bytes an entry; only for indexed pictures. */
  readonly palette?: Uint8Array;
}

/** Rows as PNG wants them: a filter byte before each, 16-bit samples big-endian, small indices packed. */
export function filterRows(
  header: Pick<PngHeader, 'width' | 'depth' | 'colourType'>,
  samples: Uint8Array | Uint16Array,
  isFiltered: boolean,
): Buffer {
  const perRow = header.width * samplesPerPixel[header.colourType];
  const rowBytes = Math.ceil((perRow * header.depth) / 8);
  const rows = bytesOf(samples, perRow, header.depth, rowBytes);
  const count = rows.length / rowBytes;
  const out = Buffer.allocUnsafe(count * (rowBytes + 1));
  // The Up filter; the first row of a strip has nothing above it.
  if (isFiltered && filterUpFast(rows, rowBytes, out)) return out;
  for (let row = 0; row < count; row++) {
    const start = row * (rowBytes + 1);
    const isUp = isFiltered && row > 0;
    out[start] = isUp ? 2 : 0;
    if (isUp) subtractRows(rows, row * rowBytes, rowBytes, out, start + 1);
    else out.set(rows.subarray(row * rowBytes, (row + 1) * rowBytes), start + 1);
  }
  return out;
}

// Rows have functions of their own: V8 optimises what is called often, not what loops for long.

function subtractRows(rows: Uint8Array, from: number, length: number, out: Uint8Array, to: number): void {
  for (let i = 0; i < length; i++) out[to + i] = rows[from + i] - rows[from - length + i];
}

/** Rows without filter bytes. */
function bytesOf(
  samples: Uint8Array | Uint16Array,
  perRow: number,
  depth: PngHeader['depth'],
  rowBytes: number,
): Uint8Array {
  if (depth === 8) return samples as Uint8Array;
  const bytes = new Uint8Array((samples.length / perRow) * rowBytes);
  if (depth === 16)
    for (let i = 0, to = 0; i < samples.length; i++, to += 2) {
      bytes[to] = samples[i] >> 8;
      bytes[to + 1] = samples[i] & 255;
    }
  else
    for (let from = 0, to = 0; from < samples.length; from += perRow, to += rowBytes)
      packRow(samples, from, perRow, depth, bytes, to);
  return bytes;
}

function packRow(
  samples: Uint8Array | Uint16Array,
  from: number,
  count: number,
  depth: 1 | 2 | 4,
  out: Uint8Array,
  start: number,
): void {
  const perByte = 8 / depth;
  for (let i = 0; i < count; i++)
    out[start + Math.floor(i / perByte)] |= samples[from + i] << (8 - depth * ((i % perByte) + 1));
}
