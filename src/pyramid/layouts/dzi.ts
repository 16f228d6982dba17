import { tileFormats } from '../types';
import type { Layout } from './layout';

/** Deep Zoom (Microsoft, 2008): `image.dzi` and `image_files/{level}/{column}_{row}`, without overlap. */
export const dzi: Layout = {
  id: 'dzi',
  isPadded: false,
  rounding: 'ceil',
  endsInPixel: true,
  path: (_plan, { z, x, y }, format) => `image_files/${z}/${x}_${y}.${tileFormats[format].extension}`,
  documents: ({ widthPx, heightPx, tileSizePx }, format) => [
    {
      path: 'image.dzi',
      mediaType: 'application/xml',
      body:
        '<?xml version="1.0" encoding="UTF-8"?>\n' +
        `<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="${tileFormats[format].extension}" ` +
        `Overlap="0" TileSize="${tileSizePx}"><Size Width="${widthPx}" Height="${heightPx}"/></Image>\n`,
    },
  ],
};
