import { lazyKernels, type WasmMemory } from '../../base/wasm/engine';
import { uncleared } from '../recycled';
import type { Picture } from './channels';
import { capacity, expandModule, places } from './expand-module';

interface Kernels {
  readonly memory: WasmMemory;
  readonly expand: (pixels: number) => void;
}

const load = lazyKernels<Kernels>(expandModule);

type Colours = Pick<Picture, 'isOpaque' | 'hasData'> & { readonly samples: Uint8Array };

/** The colours, RGBA, that palette indices name. Indices beyond the palette are transparent. */
export function expandIndices(indices: Uint8Array, palette: Uint8Array): Colours {
  const kernels = load();
  return kernels ? withVectors(kernels, indices, palette) : withoutVectors(indices, palette);
}

/** Bits are those of RGBA: whether all pixels have them, and whether any has them. */
function coloursOf(samples: Uint8Array, common: number, some: number): Colours {
  return { samples, isOpaque: common === 255, hasData: some > 0 };
}

/** Piece by piece, which stay in the cache on their way. */
function withVectors({ memory, expand }: Kernels, indices: Uint8Array, palette: Uint8Array): Colours {
  const room = new Uint8Array(memory.buffer);
  const pixels = room.subarray(places.pixels, places.pixels + 4 * capacity);
  room.fill(0, places.colours, places.common);
  room.set(palette, places.colours);
  room.fill(255, places.common, places.some);
  room.fill(0, places.some, places.indices);
  const samples = uncleared(Uint8Array, indices.length * 4);
  for (let start = 0; start < indices.length; start += capacity) {
    const piece = indices.subarray(start, start + capacity);
    room.set(piece, places.indices);
    // The last turn of the loop repeats the last pixel.
    const end = places.indices + piece.length;
    room.fill(room[end - 1], end, end + 8);
    expand(piece.length);
    samples.set(piece.length === capacity ? pixels : pixels.subarray(0, 4 * piece.length), start * 4);
  }
  const alphas = (place: number) => [3, 7, 11, 15].map((at) => room[place + at]);
  const common = alphas(places.common).reduce((all, alpha) => all & alpha);
  return coloursOf(samples, common, Math.max(...alphas(places.some)));
}

export function withoutVectors(indices: Uint8Array, palette: Uint8Array): Colours {
  const samples = new Uint8Array(indices.length * 4);
  const colours = new Uint8Array(1024);
  colours.set(palette);
  let common = 255;
  let some = 0;
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i] * 4;
    const alpha = colours[from + 3];
    samples[i * 4] = colours[from];
    samples[i * 4 + 1] = colours[from + 1];
    samples[i * 4 + 2] = colours[from + 2];
    samples[i * 4 + 3] = alpha;
    common &= alpha;
    some |= alpha;
  }
  return coloursOf(samples, common, some);
}
