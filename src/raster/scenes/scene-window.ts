import { OpenEOError } from '../../base/errors';
import { Limiter } from '../../base/limiter';
import { transformBounds, wgs84 } from '../../geo/crs';
import { intersectBounds } from '../../geo/grid';
import type { Bounds } from '../../geo/types';
import { type Block, type Cube, type Dimension, gridBounds, layerDimensions, type Window } from '../cube';
import type { FilePool } from '../files';
import { uncleared } from '../recycled';
import type { Scene, SceneCubeOptions } from '../source';
import type { Level, TiffFile } from '../tiff/open';
import { emptyLike, isFull, underlay } from '../underlay';
import type { Output } from '../warp/patch';
import { BandReader } from './band-reader';
import { insideExtent } from './extent';
import type { PatchReader } from './patches';
import { bandMeaning, isWide, missingOf } from './scene-meta';

/** Planes of one window that are read at the same time. */
const concurrency = 8;

/** What reading needs beside the scenes. */
export interface Tools {
  readonly files: FilePool;
  readonly patches: PatchReader;
  /** Values of one window; absent: any number. */
  readonly maxValues?: number;
}

/** A cube of scenes and all that reading it needs. */
export interface Reading extends Tools {
  readonly options: SceneCubeOptions;
  readonly plan: Pick<Cube, 'dataType' | 'missing' | 'grid'>;
  readonly dimensions: readonly Dimension[];
  readonly groups: readonly (readonly Scene[])[];
}

/**
 * Reads a window of a cube of scenes.
 * @throws OpenEOError `ProcessGraphComplexity`, `SourceUnreadable`; the signal's reason
 */
export async function readWindow(reading: Reading, window: Window, signal: AbortSignal): Promise<Block> {
  const { grid } = window;
  if (!grid) throw new TypeError('A window of a cube with a grid needs a grid');
  signal.throwIfAborted();
  const { options, plan, groups } = reading;
  const select = (dimension: Dimension) =>
    window.select?.get(dimension.name) ?? (dimension.labels ?? []).map((_, index) => index);
  const layers = layerDimensions({ grid, dimensions: reading.dimensions });
  const lengths = layers.map((dimension) => select(dimension).length);
  const pixels = grid.width * grid.height;
  const count = lengths.reduce((product, length) => product * length, 1);
  refuseHuge(count * pixels, reading.maxValues);
  const data = uncleared<Float32Array | Float64Array>(
    isWide(plan.dataType) ? Float64Array : Float32Array,
    count * pixels,
  );
  data.fill(Number.NaN);
  const valid = plan.missing === 'mask' ? uncleared(Uint8Array, count * pixels).fill(0) : undefined;
  const resampling = options.resampling ?? 'near';
  const bands = new BandReader(reading.patches, grid, resampling, signal, window.extent ?? plan.grid);
  const area = transformBounds(gridBounds(grid), grid.crs, wgs84);
  const inside = insideExtent(options.extent, grid);
  const limiter = new Limiter(concurrency);
  // One failing plane stops the others.
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);

  const isTimeFirst = layers[0].name === options.names.t;
  const times = select(layers[isTimeFirst ? 0 : 1]);
  const wanted = select(layers[isTimeFirst ? 1 : 0]);
  const jobs: Promise<void>[] = [];
  times.forEach((time, t) => {
    const scenes = groups[time].filter((scene) => meets(scene, area));
    wanted.forEach((band, b) => {
      const layer = isTimeFirst ? t * wanted.length + b : b * times.length + t;
      const out: Output = {
        data: data.subarray(layer * pixels, (layer + 1) * pixels),
        ...(valid && { valid: valid.subarray(layer * pixels, (layer + 1) * pixels) }),
        width: grid.width,
      };
      const job = limiter.run(
        () => readLayer(reading, bands, scenes, options.bands[band].name, out, inside, both),
        { signal: both },
      );
      jobs.push(job);
    });
  });
  try {
    await Promise.all(jobs);
  } catch (error) {
    stop.abort(error);
    throw error;
  }
  return {
    grid,
    shape: [...lengths, grid.height, grid.width],
    data,
    ...(valid && { valid }),
  };
}

/** What needs a whole scene at once must not take all of the memory. @throws OpenEOError `ProcessGraphComplexity` */
export function refuseHuge(values: number, maxValues: number | undefined): void {
  if (maxValues === undefined || values <= maxValues) return;
  const show = (value: number) => value.toLocaleString('en');
  throw new OpenEOError('ProcessGraphComplexity', {
    reason:
      `it needs ${show(values)} values of the collection at once and ${show(maxValues)} may be read; ` +
      'ask for a smaller area, fewer dates or fewer bands.',
  });
}

/** False only for scenes that surely lie elsewhere; boxes over the antimeridian are not judged. */
function meets(scene: Scene, area: Bounds): boolean {
  const [west, south, east, north] = scene.bbox;
  if (!(area.west <= area.east) || west > east) return true;
  // A box in the catalogue may be rounded.
  const slack = 0.01;
  return (
    intersectBounds(area, {
      west: west - slack,
      south: south - slack,
      east: east + slack,
      north: north + slack,
    }) !== undefined
  );
}

/** Fills one plane with a band of all scenes of one time, earlier ones on top. */
async function readLayer(
  reading: Reading,
  bands: BandReader<Level, TiffFile>,
  scenes: readonly Scene[],
  name: string,
  out: Output,
  inside: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<void> {
  let isEmpty = true;
  for (const scene of scenes) {
    const band = scene.bands.get(name);
    if (!band) continue;
    if (!isEmpty && isFull(out)) break;
    const file = await reading.files.open(band.href, signal, band.source);
    const meaning = bandMeaning(band, file);
    const target: Output = isEmpty ? out : emptyLike(out);
    await bands.read({ file, sample: band.sample, missing: missingOf(meaning) }, target);
    if (meaning.isScaled) {
      const { data } = target;
      for (let i = 0; i < data.length; i++) data[i] = data[i] * meaning.scale + meaning.offset;
    }
    if (target !== out) underlay(out, target);
    isEmpty = false;
  }
  if (inside) clip(out, inside);
}

function clip({ data, valid }: Output, inside: Uint8Array): void {
  for (let i = 0; i < inside.length; i++)
    if (inside[i] === 0) {
      data[i] = Number.NaN;
      if (valid) valid[i] = 0;
    }
}
