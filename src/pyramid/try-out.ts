import type { OpenedSource } from './open-source';
import type { PyramidOptions } from './options';
import { makeSample } from './sample';
import { drawnPixels } from './types';

/** What a pyramid will take, as far as a sample tells. */
export interface Trial {
  readonly tiles: number;
  /** Of all tiles together. */
  readonly pixels: number;
  /** Of the source: a file is brought here as a whole, of a cube what is read for the tiles. */
  readonly bytesRead: number;
  /** Of making; what storing takes is not known. */
  readonly seconds: number;
  /** Of the tiles, and of the archive of them. */
  readonly bytes: number;
}

/** What a tile of a part took. */
interface Rate {
  readonly seconds: number;
  readonly bytes: number;
  readonly read: number;
}

export interface TrialTools {
  readonly signal: AbortSignal;
  /** Bytes that cubes have read until now. */
  bytesRead(): number;
}

/** After so long, zooms that are left are taken for like the last one. */
const enoughMs = 10_000;

/**
 * Makes a few tiles of each kind in memory and multiplies. Nothing is stored.
 * @param since when the source began to be opened, on the clock of `performance.now()`
 * @throws as `generate`
 */
export async function tryOutPyramid(
  opened: OpenedSource,
  options: PyramidOptions,
  since: number,
  { signal, bytesRead }: TrialTools,
): Promise<Trial> {
  const { plan } = opened;
  const begun = performance.now();
  const { parts, openings } = await opened.openSample();
  const total = {
    bytesRead: opened.sourceBytes,
    seconds: (begun - since + (performance.now() - begun) * openings) / 1000,
    bytes: 0,
  };
  const writesEmpty = options.write_empty || plan.layout !== 'xyz';
  const measure = async ({ maker }: (typeof parts)[number]): Promise<Rate> => {
    const start = performance.now();
    const readBefore = bytesRead();
    const tiles = await makeSample(maker, signal);
    const stored = tiles.filter(({ isEmpty }) => writesEmpty || !isEmpty);
    return {
      seconds: (performance.now() - start) / 1000 / tiles.length,
      bytes: stored.reduce((sum, { body }) => sum + body.length, 0) / tiles.length,
      read: (bytesRead() - readBefore) / tiles.length,
    };
  };
  let rate: Rate | undefined;
  try {
    for (const part of parts) {
      signal.throwIfAborted();
      if (!rate || performance.now() - since < enoughMs) rate = await measure(part);
      total.seconds += rate.seconds * part.standsFor;
      total.bytes += rate.bytes * part.standsFor;
      total.bytesRead += rate.read * part.standsFor;
    }
  } finally {
    for (const { maker } of parts) await maker.close();
  }
  const bytes = Math.round(total.bytes * (options.archive === 'none' ? 1 : 2));
  const read = Math.round(total.bytesRead);
  return { tiles: plan.total, pixels: drawnPixels(plan), seconds: total.seconds, bytes, bytesRead: read };
}
