import type { Grid } from '../../geo/types';

/** How bands become colours: as a service without a format of its own draws them. */
export const drawing = { stretch: 'statistics', range: null } as const;

/** Pixels with opacity in their last channel, 8 bits each. */
export interface Drawn {
  readonly samples: Uint8Array;
  /** Grey or three colours, and opacity. */
  readonly channels: 2 | 4;
}

/** Draws a source on a grid; the next drawing may be made in the memory of this one. @throws the signal's reason; OpenEOError of the source */
export type Draw = (grid: Grid, signal: AbortSignal) => Promise<Drawn>;
