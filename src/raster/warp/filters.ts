/** A separable interpolation kernel: weight by distance in pixels, 0 beyond its radius. */
export interface Filter {
  readonly radius: number;
  weight(distance: number): number;
}

const cubicWeight = (x: number): number => {
  const a = Math.abs(x);
  if (a <= 1) return a * a * (1.5 * a - 2.5) + 1;
  return a < 2 ? ((-0.5 * a + 2.5) * a - 4) * a + 2 : 0;
};

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** Kernels as GDAL defines them (cubic with a = −0.5). */
export const filters = {
  bilinear: { radius: 1, weight: (x: number) => Math.max(0, 1 - Math.abs(x)) },
  cubic: { radius: 2, weight: cubicWeight },
  cubicspline: {
    radius: 2,
    weight: (x: number) => {
      const a = Math.abs(x);
      if (a >= 2) return 0;
      if (a >= 1) return (2 - a) ** 3 / 6;
      return 2 / 3 + a * a * (a / 2 - 1);
    },
  },
  lanczos: { radius: 3, weight: (x: number) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
} as const satisfies Record<string, Filter>;

/**
 * How much wider a kernel gets when an output pixel covers `scale` source pixels. GDAL's rules: scales
 * up to 1/0.95 leave it as it is, and those near a whole number are taken as that.
 */
export function widening(scale: number): number {
  if (!(scale > 1 / 0.95)) return 1;
  const whole = Math.floor(scale + 0.5);
  return Math.abs(scale - whole) < 0.05 ? whole : scale;
}
