import { execFile } from 'node:child_process';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { parseCrs } from '../../../src/geo/crs';
import type { Grid } from '../../../src/geo/types';
import {
  type BandInfo,
  type Cube,
  type DataType,
  type Dimension,
  defineCube,
  type Indexed,
} from '../../../src/raster/cube';
import type { EncodeRequest } from '../../../src/raster/formats/types';

// Taken once: in Jest's sandbox each look at a global is slow.
const { floor } = Math;
const nan = Number.NaN;

/** Rings of polygons. */
export const triangle = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 0],
];
export const farTriangle = [
  [10, 45],
  [11, 45],
  [11, 46],
  [10, 45],
];

export function utmGrid(width: number, height: number, res = 10, epsg: number | string = 32633): Grid {
  return { crs: parseCrs(epsg), originX: 600000, originY: 5200000, resX: res, resY: res, width, height };
}

export interface FunctionCubeOptions {
  readonly grid: Grid;
  readonly dataType?: DataType;
  readonly bands?: readonly string[];
  readonly bandInfo?: readonly BandInfo[];
  readonly times?: readonly string[];
  readonly missing?: 'nan' | 'mask';
  readonly nodata?: number | null;
  readonly locality?: 'local' | 'whole';
  readonly indexed?: Indexed;
  /** Called for every window. */
  readonly onRead?: (width: number, height: number, layers: number) => void;
  /** The value of a pixel of the native grid; null is missing. */
  value(column: number, row: number, layer: number): number | null;
}

/** A lazy cube whose pixels are a function of their place. */
export function functionCube(options: FunctionCubeOptions): Cube {
  const { grid, bands = ['b'], times, missing = 'nan' } = options;
  const dimensions: Dimension[] = [
    ...(times ? [{ type: 'temporal', name: 't', labels: times } as const] : []),
    { type: 'bands', name: 'bands', labels: bands, bands: options.bandInfo },
    { type: 'spatial', name: 'y', axis: 'y' },
    { type: 'spatial', name: 'x', axis: 'x' },
  ];
  return defineCube({
    dimensions,
    grid,
    dataType: options.dataType ?? 'float32',
    nodata: options.nodata ?? null,
    missing,
    locality: options.locality ?? 'local',
    isGridFixed: false,
    dataVersion: '1',
    indexed: options.indexed,
    async read(window, signal) {
      signal.throwIfAborted();
      const target = window.grid!;
      const ts = times ? (window.select?.get('t') ?? times.map((_, i) => i)) : [0];
      const bs = window.select?.get('bands') ?? bands.map((_, i) => i);
      const count = target.width * target.height;
      options.onRead?.(target.width, target.height, ts.length * bs.length);
      const data = new Float64Array(count * ts.length * bs.length);
      const valid = missing === 'mask' ? new Uint8Array(data.length) : undefined;
      let out = 0;
      for (const t of ts)
        for (const b of bs)
          for (let row = 0; row < target.height; row++)
            for (let column = 0; column < target.width; column++, out++) {
              const x = target.originX + (column + 0.5) * target.resX;
              const y = target.originY - (row + 0.5) * target.resY;
              const value = options.value(
                floor((x - grid.originX) / grid.resX),
                floor((grid.originY - y) / grid.resY),
                t * bands.length + b,
              );
              data[out] = value ?? nan;
              if (valid) valid[out] = value === null ? 0 : 1;
            }
      return {
        grid: target,
        shape: [...(times ? [ts.length] : []), bs.length, target.height, target.width],
        data,
        valid,
      };
    },
  });
}

export function encodeRequest(
  options: Record<string, unknown> = {},
  changes: Partial<EncodeRequest> = {},
): EncodeRequest {
  return { options, signal: new AbortController().signal, maxPixels: 1e9, ...changes };
}

export async function bytesOf(body: Uint8Array | Readable): Promise<Buffer> {
  return body instanceof Uint8Array ? Buffer.from(body) : buffer(body);
}

const run = promisify(execFile);

/** Runs a Python program that prints JSON. */
export async function python(program: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await run('/usr/bin/python3', ['-W', 'ignore', '-c', program, ...args], {
    maxBuffer: 64 << 20,
  });
  return JSON.parse(stdout);
}
