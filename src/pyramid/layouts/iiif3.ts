import type { PyramidPlan } from '../types';
import { tileFormats } from '../types';
import type { Layout } from './layout';

/** Pixels of the full image per pixel of a level. */
function scaleOf({ levels }: PyramidPlan, z: number): number {
  return 2 ** (levels[levels.length - 1].z - z);
}

/** IIIF Image API 3, level 0: `{region}/{size}/0/default.{format}`, as static files beside `info.json`. */
export const iiif3: Layout = {
  id: 'iiif3',
  isPadded: false,
  rounding: 'ceil',
  endsInPixel: false,
  path(plan, { z, x, y }, format) {
    const { widthPx, heightPx, tileSizePx, levels } = plan;
    const scale = scaleOf(plan, z);
    const side = tileSizePx * scale;
    const width = Math.min(side, widthPx - x * side);
    const height = Math.min(side, heightPx - y * side);
    const isFull = width === widthPx && height === heightPx;
    const level = levels.find((each) => each.z === z)!;
    const drawnWidth = Math.min(tileSizePx, level.widthPx - x * tileSizePx);
    const drawnHeight = Math.min(tileSizePx, level.heightPx - y * tileSizePx);
    const region = isFull ? 'full' : `${x * side},${y * side},${width},${height}`;
    const size = isFull && scale === 1 ? 'max' : `${drawnWidth},${drawnHeight}`;
    return `${region}/${size}/0/default.${tileFormats[format].extension}`;
  },
  documents(plan, format, baseUrl) {
    const { extension } = tileFormats[format];
    const info = {
      '@context': 'http://iiif.io/api/image/3/context.json',
      id: baseUrl ?? '.',
      type: 'ImageService3',
      protocol: 'http://iiif.io/api/image',
      profile: 'level0',
      width: plan.widthPx,
      height: plan.heightPx,
      tiles: [
        { width: plan.tileSizePx, scaleFactors: plan.levels.map(({ z }) => scaleOf(plan, z)).reverse() },
      ],
      ...(extension !== 'jpg' && { preferredFormats: [extension], extraFormats: [extension] }),
    };
    return [
      { path: 'info.json', mediaType: 'application/ld+json', body: `${JSON.stringify(info, null, 2)}\n` },
    ];
  },
};
