import type { Microseconds } from '../instant';

/** How old tiles of a class of sectors may be, and what becomes of older ones. */
export interface SectorClass {
  /** Tiles of this age in days are too old; undefined: none is. */
  readonly maxAgeDays?: number;
  /** `downgrade` keeps them with a mark. */
  readonly stale: 'reject' | 'downgrade';
}

export interface KeepRules {
  readonly sector: SectorClass;
  /** Metres per pixel; tiles that show less are of no use. */
  readonly maxResolution?: number;
}

/** Why a tile is not fetched. */
export type SkipReason = 'absent' | 'stale' | 'too coarse' | 'journalled' | 'over budget';

export type KeepDecision =
  | { readonly keep: true; readonly isDowngraded: boolean }
  | { readonly keep: false; readonly reason: SkipReason };

const dayMicros = 24 * 60 * 60 * 1e6;

/** The classes that there are without configuration. */
export const sectorClasses: ReadonlyMap<string, SectorClass> = new Map([
  ['unclassified', { stale: 'reject' }],
  ['active_conflict', { maxAgeDays: 30, stale: 'reject' }],
]);

/**
 * Whether a tile is fetched: it is there, fresh, fine enough, and was not fetched before.
 * @param tile what the inventory says; undefined where the cell is empty
 */
export function decide(
  tile: { readonly capturedAt: Microseconds; readonly resolution: number } | undefined,
  { sector, maxResolution }: KeepRules,
  { now, isJournalled }: { readonly now: Microseconds; readonly isJournalled: boolean },
): KeepDecision {
  if (!tile) return { keep: false, reason: 'absent' };
  if (isJournalled) return { keep: false, reason: 'journalled' };
  if (maxResolution !== undefined && !(tile.resolution <= maxResolution))
    return { keep: false, reason: 'too coarse' };
  const isStale = sector.maxAgeDays !== undefined && now - tile.capturedAt >= sector.maxAgeDays * dayMicros;
  if (isStale && sector.stale === 'reject') return { keep: false, reason: 'stale' };
  return { keep: true, isDowngraded: isStale };
}

/** The classes of a configuration, with those that there are anyway. @throws Error that names what is wrong */
export function parseSectorClasses(text: string): ReadonlyMap<string, SectorClass> {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new Error('it must be an object with a class for each name');
  const classes = new Map(sectorClasses);
  for (const [name, value] of Object.entries(parsed)) {
    const { max_age_days: days, stale = 'reject', ...others } = (value ?? {}) as Record<string, unknown>;
    if (days !== undefined && !(typeof days === 'number' && days >= 0))
      throw new Error(`${name}.max_age_days must be a number of days`);
    if (stale !== 'reject' && stale !== 'downgrade')
      throw new Error(`${name}.stale must be reject or downgrade`);
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) throw new Error(`${name}.${unknown} is unknown`);
    classes.set(name, { stale, ...(days !== undefined && { maxAgeDays: days }) });
  }
  return classes;
}
