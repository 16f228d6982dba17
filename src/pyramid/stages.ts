import type { TileProgress } from './write-tiles';

/** How far a generation is, for people. */
export interface Stage {
  /** 0 to 100. */
  readonly percent: number;
  readonly message: string;
}

const first = 10;
const made = 80;
const uploaded = 95;

export const downloading: Stage = { percent: 5, message: 'Downloading source image…' };

/** 10 to 80 while tiles are made, then 80 to 95 until all of them are stored. */
export function tileStage(progress: TileProgress): Stage {
  const { total } = progress;
  if (progress.made < total) {
    const share = progress.made / total;
    return {
      percent: first + (made - first) * share,
      message: `Generating tiles… ${Math.floor(share * 100)}%`,
    };
  }
  const share = total === 0 ? 1 : progress.uploaded / total;
  return { percent: made + (uploaded - made) * share, message: 'Uploading tiles to storage…' };
}

/** 95 to just below 100, which is the job's to say. @param share of what is to be finished, 0 to 1 */
export function finalizing(share: number): Stage {
  return { percent: uploaded + (99 - uploaded) * share, message: 'Finalizing…' };
}
