/** How an image goes on beyond its borders; see `apply_kernel`. `outside`: not at all. */
export type Border = 'replicate' | 'reflect' | 'reflect_pixel' | 'wrap' | 'outside';

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}

/** Which of `length` pixels stands for the position `index`, which may be any integer; −1: none. */
export function borderIndex(index: number, length: number, border: Border): number {
  if (index >= 0 && index < length) return index;
  switch (border) {
    case 'outside':
      return -1;
    case 'replicate':
      return index < 0 ? 0 : length - 1;
    case 'wrap':
      return modulo(index, length);
    case 'reflect': {
      const place = modulo(index, 2 * length);
      return place < length ? place : 2 * length - 1 - place;
    }
    case 'reflect_pixel': {
      if (length === 1) return 0;
      const place = modulo(index, 2 * length - 2);
      return place < length ? place : 2 * length - 2 - place;
    }
  }
}

/** Neighbouring pixels that are read at once, and the places that they go to. */
export interface Run {
  readonly first: number;
  readonly length: number;
  /** Places in the padded row or column, and for each the pixel counted from `first`. */
  readonly places: Int32Array;
  readonly offsets: Int32Array;
}

/**
 * The pixels that a padded row (or column) consists of, in runs of neighbours.
 * @param from position of the first place; `count` places follow each other.
 */
export function borderRuns(from: number, count: number, length: number, border: Border): Run[] {
  const byPixel: [pixel: number, place: number][] = [];
  for (let place = 0; place < count; place++) {
    const pixel = borderIndex(from + place, length, border);
    if (pixel >= 0) byPixel.push([pixel, place]);
  }
  byPixel.sort(([one], [other]) => one - other);
  const runs: Run[] = [];
  let start = 0;
  for (let end = 1; end <= byPixel.length; end++) {
    if (end < byPixel.length && byPixel[end][0] - byPixel[end - 1][0] <= 1) continue;
    const part = byPixel.slice(start, end);
    if (part.length > 0) {
      const first = part[0][0];
      runs.push({
        first,
        length: part[part.length - 1][0] - first + 1,
        places: Int32Array.from(part, ([, place]) => place),
        offsets: Int32Array.from(part, ([pixel]) => pixel - first),
      });
    }
    start = end;
  }
  return runs;
}
