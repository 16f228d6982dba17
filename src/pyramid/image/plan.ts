import { layoutOf } from '../layouts/layout';
import type { LayoutId, PlannedLevel, PyramidPlan } from '../types';

/** The lengths of an image at every level, from the full size down. */
function halvings(widthPx: number, heightPx: number, tileSizePx: number, layout: LayoutId) {
  const { rounding, endsInPixel } = layoutOf(layout);
  const half = (length: number) => Math.max(1, Math[rounding](length / 2));
  const smallest = endsInPixel ? 1 : tileSizePx;
  const sizes = [{ widthPx, heightPx }];
  for (let last = sizes[0]; Math.max(last.widthPx, last.heightPx) > smallest; ) {
    last = { widthPx: half(last.widthPx), heightPx: half(last.heightPx) };
    sizes.push(last);
  }
  return sizes;
}

/**
 * The pyramid of an image without a place on Earth: powers of two in image coordinates, level 0 is one tile.
 */
export function planImage(options: {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly tileSizePx: number;
  readonly layout: LayoutId;
}): PyramidPlan {
  const { widthPx, heightPx, tileSizePx, layout } = options;
  const sizes = halvings(widthPx, heightPx, tileSizePx, layout).reverse();
  const levels = sizes.map((size, z): PlannedLevel => {
    const columns = Math.ceil(size.widthPx / tileSizePx);
    const rows = Math.ceil(size.heightPx / tileSizePx);
    return { z, ...size, x: [0, columns - 1], y: [0, rows - 1], count: columns * rows };
  });
  const total = levels.reduce((sum, { count }) => sum + count, 0);
  return { kind: 'image', layout, tileSizePx, levels, total, widthPx, heightPx };
}
