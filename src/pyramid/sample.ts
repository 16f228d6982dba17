import type { TileAddress } from '../geo/types';
import {
  drawnPixels,
  type MadeTile,
  type PlannedLevel,
  type PyramidPlan,
  plannedTiles,
  type TileMaker,
} from './types';

/** A part of a pyramid that is made quickly, and how many tiles like its own there are, its own included. */
export interface SamplePart {
  readonly maker: TileMaker;
  readonly standsFor: number;
}

/** What stands for a whole pyramid. */
export interface Sample {
  /** In the order in which they are made. */
  readonly parts: readonly SamplePart[];
  /** How many times the opening of the whole takes what that of the sample took. */
  readonly openings: number;
}

/** Tiles a side: as many as makers of maps make from one reading. */
const side = 4;

/** The middle one of the tiles of a level: in the area, wherever that lies. */
function middleTile(level: PlannedLevel, plan: PyramidPlan): TileAddress {
  const { z, x, y, count } = level;
  const middle = (range: readonly [number, number]) => Math.floor((range[0] + range[1]) / 2);
  if (plan.includes) {
    let index = 0;
    for (const tile of plannedTiles({ ...plan, levels: [level] })) if (++index > (count - 1) / 2) return tile;
  }
  return { z, x: middle(x), y: middle(y) };
}

function around(range: readonly [number, number], position: number): [number, number] {
  const first = position - (position % side);
  return [Math.max(range[0], first), Math.min(range[1], first + side - 1)];
}

/**
 * For each zoom of a map a plan of the tiles in its middle. The smallest zoom comes first, so that what only the first
 * tile takes does not count many times, then those with most tiles.
 */
export function middlePlans(plan: PyramidPlan): readonly { plan: PyramidPlan; standsFor: number }[] {
  const [smallest, ...others] = plan.levels.filter(({ count }) => count > 0);
  if (!smallest) return [];
  return [smallest, ...others.reverse()].map((level) => {
    const middle = middleTile(level, plan);
    const part = { ...level, x: around(level.x, middle.x), y: around(level.y, middle.y) };
    const total = [...plannedTiles({ ...plan, levels: [part] })].length;
    // Tiles at the edges are in part empty, those in the middle are not.
    const drawn = drawnPixels({ ...plan, levels: [level] }) / plan.tileSizePx ** 2;
    const standsFor = Math.max(total, drawn);
    return { plan: { ...plan, levels: [{ ...part, count: total }], total }, standsFor };
  });
}

/** Makes all tiles of a maker at once, for their number and sizes. @throws as `TileMaker.make` */
export async function makeSample(maker: TileMaker, signal: AbortSignal): Promise<readonly MadeTile[]> {
  const { plan } = maker;
  const making: Promise<readonly MadeTile[]>[] = [];
  try {
    await maker.make({
      signal,
      wants: (tile) => plan.includes?.(tile) ?? true,
      async add(_tiles, make) {
        making.push(make());
      },
    });
  } finally {
    // None goes on when this has ended.
    await Promise.allSettled(making);
  }
  return (await Promise.all(making)).flat();
}
