import type { TileAddress } from '../../geo/types';
import type { LayoutId, PyramidPlan, TileFormat } from '../types';
import { dzi } from './dzi';
import { iiif3 } from './iiif3';
import { xyz } from './xyz';
import { zoomify } from './zoomify';

/** A file that describes a set of tiles to viewers. */
export interface LayoutDocument {
  readonly path: string;
  readonly mediaType: string;
  readonly body: string;
}

/** How the tiles of a pyramid lie below a folder. */
export interface Layout {
  readonly id: LayoutId;
  /** Whether tiles at the right and lower edge keep the full size, with transparency where the image ends. */
  readonly isPadded: boolean;
  /** How an odd length is halved: as the viewers of the layout count. */
  readonly rounding: 'ceil' | 'floor';
  /** Whether levels go on below one tile, down to a single pixel. */
  readonly endsInPixel: boolean;
  /** Where a tile lies, without a leading slash. */
  path(plan: PyramidPlan, tile: TileAddress, format: TileFormat): string;
  /** @param baseUrl where the folder will be read from, without a trailing slash, where that is known */
  documents(plan: PyramidPlan, format: TileFormat, baseUrl?: string): readonly LayoutDocument[];
}

const layouts: Readonly<Record<LayoutId, Layout>> = { xyz, dzi, zoomify, iiif3 };

export function layoutOf(id: LayoutId): Layout {
  return layouts[id];
}
