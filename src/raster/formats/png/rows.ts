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
  header: PngHeader,
  samples: Uint8Array | Uint16Array,
  isFiltered: boolean,
): Buffer {
  const perRow = header.width * samplesPerPixel[header.colourType];
  const rows = samples.length / perRow;
  const rowBytes = Math.ceil((perRow * header.depth) / 8);
  const out = Buffer.allocUnsafe(rows * (rowBytes + 1));
  for (let row = 0; row < rows; row++) {
    const start = row * (rowBytes + 1);
    const from = row * perRow;
    // The Up filter; the first row of a strip has nothing above it.
    out[start] = isFiltered && row > 0 ? 2 : 0;
    if (header.depth === 8) out.set(samples.subarray(from, from + perRow), start + 1);
    else if (header.depth === 16)
      for (let i = 0, to = start + 1; i < perRow; i++, to += 2) {
        out[to] = samples[from + i] >> 8;
        out[to + 1] = samples[from + i] & 255;
      }
    else packRow(samples, from, perRow, header.depth, out, start + 1, rowBytes);
  }
  // From the last row upwards, so that the row above is still as it was.
  if (isFiltered)
    for (let row = rows - 1; row > 0; row--) {
      const start = row * (rowBytes + 1) + 1;
      const above = start - rowBytes - 1;
      for (let i = 0; i < rowBytes; i++) out[start + i] = out[start + i] - out[above + i];
    }
  return out;
}

function packRow(
  samples: Uint8Array | Uint16Array,
  from: number,
  count: number,
  depth: number,
  out: Buffer,
  start: number,
  bytes: number,
): void {
  out.fill(0, start, start + bytes);
  const perByte = 8 / depth;
  for (let i = 0; i < count; i++)
    out[start + Math.floor(i / perByte)] |= samples[from + i] << (8 - depth * ((i % perByte) + 1));
}
