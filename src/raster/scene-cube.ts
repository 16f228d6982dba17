import { createHash } from 'node:crypto';
import { OpenEOError } from '../base/errors';
import { Limiter } from '../base/limiter';
import { transformBounds, wgs84 } from '../geo/crs';
import { intersectBounds } from '../geo/grid';
import type { Bounds, Grid } from '../geo/types';
import { BandReader } from './band-reader';
import {
  type Block,
  type Cube,
  type DataType,
  type Dimension,
  defineCube,
  gridBounds,
  layerDimensions,
  type Window,
} from './cube';
import { insideExtent } from './extent';
import type { FilePool } from './files';
import { nativeGrid, pixelSize, sceneBounds } from './native-grid';
import type { PatchReader } from './patches';
import { type BandMeaning, bandMeaning, commonType, isWide, missingOf, needsMask } from './scene-meta';
import type { Scene, SceneBand, SceneCubeOptions } from './source';
import type { TiffFile } from './tiff/open';
import type { Output } from './warp/patch';

/** Files that are looked into when a cube is made; of more scenes the bounding boxes tell the extent. */
const maxOpened = 64;
/** Planes of one window that are read at the same time. */
const concurrency = 8;

interface Opened {
  readonly file: TiffFile;
  readonly meaning: BandMeaning;
}

/** What was found out about the bands when the cube was made. */
interface Plan {
  readonly grid: Grid;
  readonly dataType: DataType;
  readonly nodata: number | null;
  readonly missing: 'nan' | 'mask';
  readonly version: string;
}

/** What reading needs beside the scenes. */
interface Tools {
  readonly files: FilePool;
  readonly patches: PatchReader;
  /** Values of one window; absent: any number. */
  readonly maxValues?: number;
}

/** Makes a cube of scenes; see `RasterReader.sceneCube`. */
export async function createSceneCube(
  options: SceneCubeOptions,
  tools: Tools,
  signal: AbortSignal,
): Promise<Cube> {
  const { files } = tools;
  const plan = await makePlan(options, files, signal);
  const times = groupByTime(options.scenes);
  const labels = [...times.keys()];
  const dimensions = makeDimensions(options, labels);
  const groups = [...times.values()];
  return defineCube({
    dimensions,
    grid: plan.grid,
    dataType: plan.dataType,
    nodata: plan.nodata,
    missing: plan.missing,
    locality: 'local',
    isGridFixed: false,
    dataVersion: plan.version,
    read: (window, readSignal) =>
      readWindow({ options, ...tools, plan, dimensions, groups }, window, readSignal),
  });
}

function groupByTime(scenes: readonly Scene[]): Map<string, Scene[]> {
  const groups = new Map<string, Scene[]>();
  for (const scene of [...scenes].sort((a, b) => Date.parse(a.datetime) - Date.parse(b.datetime))) {
    const group = groups.get(scene.datetime);
    if (group) group.push(scene);
    else groups.set(scene.datetime, [scene]);
  }
  return groups;
}

function makeDimensions(options: SceneCubeOptions, times: readonly string[]): Dimension[] {
  const { names, bands } = options;
  const all = new Map<string, Dimension>([
    [names.t, { type: 'temporal', name: names.t, labels: times }],
    [names.bands, { type: 'bands', name: names.bands, labels: bands.map(({ name }) => name), bands }],
    [names.y, { type: 'spatial', name: names.y, axis: 'y' }],
    [names.x, { type: 'spatial', name: names.x, axis: 'x' }],
  ]);
  const order = (options.order ?? []).filter((name) => all.has(name));
  const rest = [...all.keys()].filter((name) => !order.includes(name));
  return [...order, ...rest].map((name) => all.get(name)!);
}

async function makePlan(options: SceneCubeOptions, files: FilePool, signal: AbortSignal): Promise<Plan> {
  const limiter = new Limiter(concurrency);
  const open = (band: SceneBand): Promise<Opened> =>
    limiter.run(
      async () => {
        const file = await files.open(band.href, signal);
        return { file, meaning: bandMeaning(band, file) };
      },
      { signal },
    );
  const first = await Promise.all(
    options.bands.map(({ name }) => {
      const scene = options.scenes.find(({ bands }) => bands.has(name));
      return scene && open(scene.bands.get(name)!);
    }),
  );
  const found = first.filter((each) => each !== undefined);
  if (found.length === 0)
    throw new OpenEOError('SourceUnreadable', {
      source: 'of the collection',
      reason: 'no scene has any of its bands',
    });
  const finest = found.reduce((best, each) =>
    pixelSize(each.file.grid) < pixelSize(best.file.grid) ? each : best,
  );
  const finestName = options.bands[first.indexOf(finest)].name;
  const opened = await Promise.all(
    options.scenes.slice(0, maxOpened).map(async (scene) => {
      const band = scene.bands.get(finestName) ?? scene.bands.values().next().value;
      return band && (await open(band)).file;
    }),
  );
  const areas = options.scenes.map((scene, index) =>
    sceneBounds(scene, finest.file.grid.crs, opened[index]?.grid),
  );
  const isMasked = found.some(({ meaning }) => needsMask(meaning));
  const types = found.map(({ meaning }) =>
    meaning.isScaled ? (isWide(meaning.dataType) ? 'float64' : 'float32') : meaning.dataType,
  );
  const versions = [
    ...new Set([...found.map(({ file }) => file.key), ...opened.map((file) => file?.key ?? '')]),
  ];
  return {
    grid: nativeGrid(finest.file.grid, areas, options.extent),
    dataType: types.reduce(commonType),
    nodata: commonNodata(found),
    missing: isMasked ? 'mask' : 'nan',
    version: createHash('sha256')
      .update(JSON.stringify([options.dataVersion, versions.sort()]))
      .digest('hex')
      .slice(0, 24),
  };
}

function commonNodata(found: readonly Opened[]): number | null {
  const values = found.map(({ meaning }) => (meaning.isScaled ? Number.NaN : meaning.nodata));
  const [value] = values;
  return value !== undefined && values.every((other) => Object.is(other, value)) ? value : null;
}

interface Reading extends Tools {
  readonly options: SceneCubeOptions;
  readonly plan: Plan;
  readonly dimensions: readonly Dimension[];
  readonly groups: readonly (readonly Scene[])[];
}

async function readWindow(reading: Reading, window: Window, signal: AbortSignal): Promise<Block> {
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
  const data = isWide(plan.dataType) ? new Float64Array(count * pixels) : new Float32Array(count * pixels);
  data.fill(Number.NaN);
  const valid = plan.missing === 'mask' ? new Uint8Array(count * pixels) : undefined;
  const resampling = options.resampling ?? 'near';
  const bands = new BandReader(reading.patches, grid, resampling, signal);
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

/** What needs a whole scene at once must not take all of the memory. */
function refuseHuge(values: number, maxValues: number | undefined): void {
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
  bands: BandReader,
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
    const file = await reading.files.open(band.href, signal);
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

function emptyLike(out: Output): Output {
  return {
    data: new (out.data.constructor as Float32ArrayConstructor)(out.data.length).fill(Number.NaN),
    ...(out.valid && { valid: new Uint8Array(out.valid.length) }),
    width: out.width,
  };
}

function isFull({ data, valid }: Output): boolean {
  if (valid) return !valid.includes(0);
  for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i])) return false;
  return true;
}

/** Puts pixels below those that are there. */
function underlay(out: Output, below: Output): void {
  const { data, valid } = out;
  for (let i = 0; i < data.length; i++) {
    if (valid ? valid[i] === 1 : !Number.isNaN(data[i])) continue;
    data[i] = below.data[i];
    if (valid && below.valid) valid[i] = below.valid[i];
  }
}

function clip({ data, valid }: Output, inside: Uint8Array): void {
  for (let i = 0; i < inside.length; i++)
    if (inside[i] === 0) {
      data[i] = Number.NaN;
      if (valid) valid[i] = 0;
    }
}
