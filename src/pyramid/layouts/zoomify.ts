import { tileFormats } from '../types';
import type { Layout } from './layout';

/** Tiles of one folder. */
const groupSize = 256;

/** Zoomify: `TileGroup{n}/{tier}-{column}-{row}` in groups of 256, counted from the smallest tier. */
export const zoomify: Layout = {
  id: 'zoomify',
  isPadded: false,
  rounding: 'floor',
  endsInPixel: false,
  path({ levels }, { z, x, y }, format) {
    let before = 0;
    for (const level of levels) if (level.z < z) before += (level.x[1] + 1) * (level.y[1] + 1);
    const columns = (levels.find((level) => level.z === z)?.x[1] ?? 0) + 1;
    const group = Math.floor((before + y * columns + x) / groupSize);
    return `TileGroup${group}/${z}-${x}-${y}.${tileFormats[format].extension}`;
  },
  documents: ({ widthPx, heightPx, tileSizePx, total }) => [
    {
      path: 'ImageProperties.xml',
      mediaType: 'application/xml',
      body:
        `<IMAGE_PROPERTIES WIDTH="${widthPx}" HEIGHT="${heightPx}" NUMTILES="${total}" NUMIMAGES="1" ` +
        `VERSION="1.8" TILESIZE="${tileSizePx}" />\n`,
    },
  ],
};
