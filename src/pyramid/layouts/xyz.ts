import { tileFormats } from '../types';
import type { Layout } from './layout';

/** `{z}/{x}/{y}` with y from the top, as web maps have it; `tilejson.json` describes it. */
export const xyz: Layout = {
  id: 'xyz',
  isPadded: true,
  rounding: 'ceil',
  endsInPixel: false,
  path: (_plan, { z, x, y }, format) => `${z}/${x}/${y}.${tileFormats[format].extension}`,
  documents: () => [],
};
