import type { Resampling } from '../source';
import { type Cell, cellScale, followRow, newPath } from './cell';
import type { Mapping } from './mapping';
import type { Missing, Output, Patch } from './patch';

/** Reduces the valid source pixels under one output pixel; weights are the covered parts of pixels. */
export interface Statistic {
  reset(): void;
  add(value: number, weight: number): void;
  /** Called after at least one value. */
  result(): number;
  /** The plain mean, which is computed without calls: it is what most overviews and small zooms are made by. */
  readonly isMean?: boolean;
}

function mean(of: (value: number) => number, back: (mean: number) => number): Statistic {
  let sum = 0;
  let weights = 0;
  return {
    reset() {
      sum = 0;
      weights = 0;
    },
    add(value, weight) {
      sum += of(value) * weight;
      weights += weight;
    },
    result: () => back(sum / weights),
  };
}

function total(): Statistic {
  let sum = 0;
  return {
    reset() {
      sum = 0;
    },
    add(value, weight) {
      sum += value * weight;
    },
    result: () => sum,
  };
}

function extreme(sign: 1 | -1): Statistic {
  let best = 0;
  let isEmpty = true;
  return {
    reset() {
      isEmpty = true;
    },
    add(value) {
      if (isEmpty || (value - best) * sign > 0 || Number.isNaN(value)) best = value;
      isEmpty = false;
    },
    result: () => best,
  };
}

function quantile(part: number): Statistic {
  let values = new Float64Array(64);
  let count = 0;
  return {
    reset() {
      count = 0;
    },
    add(value) {
      if (count === values.length) {
        const grown = new Float64Array(count * 2);
        grown.set(values);
        values = grown;
      }
      values[count++] = value;
    },
    result() {
      const sorted = values.subarray(0, count).sort();
      return sorted[Math.max(0, Math.ceil(part * count - 1))];
    },
  };
}

/** The most frequent value; of equally frequent ones that which gets there first. */
function mode(): Statistic {
  const counts = new Map<number, number>();
  let best = 0;
  let most = 0;
  return {
    reset() {
      counts.clear();
      most = 0;
    },
    add(value) {
      const count = (counts.get(value) ?? 0) + 1;
      counts.set(value, count);
      if (count > most) {
        most = count;
        best = value;
      }
    },
    result: () => best,
  };
}

/** The statistics by method; undefined for methods that interpolate. */
export function statisticOf(resampling: Resampling): Statistic | undefined {
  switch (resampling) {
    case 'average':
      return {
        ...mean(
          (value) => value,
          (value) => value,
        ),
        isMean: true,
      };
    case 'rms':
      return mean((value) => value * value, Math.sqrt);
    case 'geometric':
      return mean(Math.log, Math.exp);
    case 'sum':
      return total();
    case 'min':
      return extreme(-1);
    case 'max':
      return extreme(1);
    case 'med':
      return quantile(0.5);
    case 'q1':
      return quantile(0.25);
    case 'q3':
      return quantile(0.75);
    case 'mode':
      return mode();
    default:
      return undefined;
  }
}

/** How far an output pixel reaches from its centre, in source pixels. */
export function areaReach(cell: Cell): readonly [number, number] {
  const [x, y] = cellScale(cell);
  return [x + 1, y + 1];
}

/** Edges this close to a pixel's edge don't touch the pixel beyond. */
const edge = 1e-9;

/** Reduces the source pixels that lie under each output pixel. */
export function aggregateWith(
  statistic: Statistic,
  mapping: Mapping,
  patch: Patch,
  missing: Missing,
  out: Output,
): void {
  const { data, stride, valid: mask } = patch;
  const { nodata, isNan } = missing;
  const { width } = mapping;
  const isMean = statistic.isMean === true;
  const upper = newPath();
  const lower = newPath();
  for (const cell of mapping.cells) {
    for (let row = cell.row0; row < cell.row1; row++) {
      followRow(cell, row, upper);
      followRow(cell, row + 1, lower);
      for (let column = cell.column0; column < cell.column1; column++) {
        const t = column - cell.left;
        const s = t + 1;
        const xa = upper.ax + t * (upper.bx + t * upper.cx) - patch.x0;
        const ya = upper.ay + t * (upper.by + t * upper.cy) - patch.y0;
        const xb = lower.ax + s * (lower.bx + s * lower.cx) - patch.x0;
        const yb = lower.ay + s * (lower.by + s * lower.cy) - patch.y0;
        const west = Math.max(0, Math.min(xa, xb));
        const east = Math.min(patch.width, Math.max(xa, xb));
        const north = Math.max(0, Math.min(ya, yb));
        const south = Math.min(patch.height, Math.max(ya, yb));
        if (!(west < east && north < south)) continue;
        if (!isMean) statistic.reset();
        let found = 0;
        let sum = 0;
        let weights = 0;
        const lastLine = Math.ceil(south - edge);
        const lastColumn = Math.ceil(east - edge);
        for (let line = Math.floor(north + edge); line < lastLine; line++) {
          const weightY = Math.min(line + 1, south) - Math.max(line, north);
          for (let pixel = Math.floor(west + edge); pixel < lastColumn; pixel++) {
            const at = line * stride + pixel;
            const value = data[at];
            if (value === nodata || (isNan && Number.isNaN(value)) || (mask !== undefined && mask[at] === 0))
              continue;
            const weight = weightY * (Math.min(pixel + 1, east) - Math.max(pixel, west));
            if (isMean) {
              sum += value * weight;
              weights += weight;
            } else statistic.add(value, weight);
            found++;
          }
        }
        if (found === 0) continue;
        const to = row * width + column;
        out.data[to] = isMean ? sum / weights : statistic.result();
        if (out.valid !== undefined) out.valid[to] = 1;
      }
    }
  }
}
