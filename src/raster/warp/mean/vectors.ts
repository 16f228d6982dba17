import { lazyKernels, reserveMemory, type WasmMemory } from '../../../base/wasm/engine';
import { areaReach } from '../aggregate';
import { type Cell, cellScale, followRow, newPath } from '../cell';
import type { Mapping } from '../mapping';
import { sourceWindow } from '../source-window';
import type { SourceEdges } from './bytes';
import { meanModule } from './module';
import { pixelBytes } from './outline';

interface Kernels {
  readonly memory: WasmMemory;
  readonly row: (...parameters: number[]) => void;
}

/** Pixels of one rectangle of a source, three bytes each. */
export interface ColourPixels {
  readonly bytes: Uint8Array;
  readonly x0: number;
  readonly y0: number;
  readonly width: number;
  readonly height: number;
}

/** Output pixels a side of what is drawn at once, so that what lies under it stays near the processor. */
const partSide = 128;
/** Bytes of source pixels that are in the kernel's memory at once. */
const maxSourceBytes = 1024 * 1024;
/** More source pixels a side under one output pixel are for loops over all of them. */
const maxScale = 64;
const outPixelBytes = 4;
/** What is read beyond the last pixel. */
const spareBytes = 16;

const load = lazyKernels<Kernels>(meanModule);

/** Whether vectors can draw pixels of such a size. */
export function isForVectors({ cells }: Mapping): boolean {
  return load() !== null && cells.every((cell) => Math.max(...cellScale(cell)) <= maxScale);
}

/**
 * Draws what `meanOfBytes` draws of three colours that nothing hides, byte for byte, by vectors.
 * @param out red, green, blue and opacity; all zero
 */
export function meanOfColours(
  mapping: Mapping,
  pixels: ColourPixels,
  edges: SourceEdges,
  out: Uint8Array,
): void {
  for (const cell of mapping.cells)
    for (let row0 = cell.row0; row0 < cell.row1; row0 += partSide)
      for (let column0 = cell.column0; column0 < cell.column1; column0 += partSide) {
        const row1 = Math.min(cell.row1, row0 + partSide);
        const column1 = Math.min(cell.column1, column0 + partSide);
        drawPart(mapping.width, { ...cell, column0, row0, column1, row1 }, pixels, edges, out);
      }
}

function drawPart(
  outWidth: number,
  part: Cell,
  pixels: ColourPixels,
  edges: SourceEdges,
  out: Uint8Array,
): void {
  const { x0, y0, width, height } = pixels;
  const { column0, row0, column1, row1 } = part;
  const outer = { width: x0 + width, height: y0 + height };
  const under = sourceWindow(
    { width: outWidth, height: 0, cells: [part], isLinear: false },
    outer,
    areaReach,
  );
  if (!under) return;
  const [left, top] = [Math.max(x0, under.x0), Math.max(y0, under.y0)];
  const [columns, rows] = [under.x1 - left, under.y1 - top];
  if (columns <= 0 || rows <= 0) return;
  const stride = columns * pixelBytes;
  if (rows * stride > maxSourceBytes && (row1 - row0 > 1 || column1 - column0 > 1)) {
    const [row, column] = [(row0 + row1) >> 1, (column0 + column1) >> 1];
    for (const rowRange of [{ row1: row }, { row0: row }])
      for (const columnRange of [{ column1: column }, { column0: column }]) {
        const quarter = { ...part, ...rowRange, ...columnRange };
        if (quarter.row0 < quarter.row1 && quarter.column0 < quarter.column1)
          drawPart(outWidth, quarter, pixels, edges, out);
      }
    return;
  }
  const { memory, row: drawRow } = load()!;
  const across = column1 - column0;
  const outStride = across * outPixelBytes;
  const source = outStride * (row1 - row0);
  reserveMemory(memory, source + rows * stride + spareBytes);
  const room = new Uint8Array(memory.buffer);
  for (let row = 0; row < rows; row++) {
    const from = ((top - y0 + row) * width + left - x0) * pixelBytes;
    room.set(pixels.bytes.subarray(from, from + stride), source + row * stride);
  }
  room.fill(0, 0, source);
  const upper = newPath();
  const lower = newPath();
  // Where the pixel that positions are counted from would be.
  const least = [left - x0, top - y0];
  const origin = source - least[1] * stride - least[0] * pixelBytes;
  for (let row = row0, at = 0; row < row1; row++, at += outStride) {
    followRow(part, row, upper);
    followRow(part, row + 1, lower);
    const { ax, bx, cx, ay, by, cy } = upper;
    // biome-ignore format: a path, a point or an address with its sizes on each line
    drawRow(
      ax, bx, cx, ay, by, cy,
      lower.ax, lower.bx, lower.cx, lower.ay, lower.by, lower.cy,
      column0 - part.left,
      x0, y0,
      edges.left, edges.top,
      edges.right, edges.bottom,
      least[0], least[1],
      least[0] + columns, least[1] + rows,
      origin, stride, at, across,
    );
  }
  for (let row = row0, at = 0; row < row1; row++, at += outStride)
    out.set(room.subarray(at, at + outStride), (row * outWidth + column0) * outPixelBytes);
}
