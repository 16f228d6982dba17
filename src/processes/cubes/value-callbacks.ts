import type { Cube, NumericArray } from '../../raster/cube';
import { computedType } from './callback-result-type';
import type { ValueCallback } from './cube-callbacks';

function floats(cube: Pick<Cube, 'dataType'>, count: number): Float32Array | Float64Array {
  return computedType(cube.dataType) === 'float64' ? new Float64Array(count) : new Float32Array(count);
}

/** The mean of the valid values of the array `data`: no-data where there are none. NaN counts as a value in the `mask` form. */
export function meanOf(cube: Pick<Cube, 'missing' | 'dataType'>): ValueCallback {
  const { missing } = cube;
  return {
    dataType: computedType(cube.dataType),
    missing,
    async run(inputs, count) {
      const planes = inputs.get('data')!;
      const sums = new Float64Array(count);
      const counts = new Uint32Array(count);
      planes.data.forEach((plane, index) => {
        const values = plane as NumericArray;
        const valid = planes.valid?.[index];
        for (let i = 0; i < count; i++) {
          const value = values[i];
          if (missing === 'nan' ? Number.isNaN(value) : valid !== undefined && valid[i] === 0) continue;
          sums[i] += value;
          counts[i]++;
        }
      });
      const data = floats(cube, count);
      for (let i = 0; i < count; i++) data[i] = counts[i] === 0 ? Number.NaN : sums[i] / counts[i];
      if (missing === 'nan') return { data: [data] };
      return { data: [data], valid: [Uint8Array.from(counts, (n) => (n === 0 ? 0 : 1))] };
    },
  };
}

/** `x` − `y`, no-data where one of them is. */
export function differenceOf(cube: Pick<Cube, 'missing' | 'dataType'>): ValueCallback {
  return {
    dataType: computedType(cube.dataType),
    missing: cube.missing,
    async run(inputs, count) {
      const [x, y] = [inputs.get('x')!, inputs.get('y')!];
      const [minuends, subtrahends] = [x.data[0] as NumericArray, y.data[0] as NumericArray];
      const data = floats(cube, count);
      for (let i = 0; i < count; i++) data[i] = minuends[i] - subtrahends[i];
      if (cube.missing === 'nan') return { data: [data] };
      const [one, other] = [x.valid?.[0], y.valid?.[0]];
      const valid = new Uint8Array(count);
      for (let i = 0; i < count; i++) valid[i] = (one ? one[i] : 1) & (other ? other[i] : 1);
      return { data: [data], valid: [valid] };
    },
  };
}
