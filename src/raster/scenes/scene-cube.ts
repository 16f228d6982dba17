import { createHash } from 'node:crypto';
import { OpenEOError } from '../../base/errors';
import { Limiter } from '../../base/limiter';
import type { Grid } from '../../geo/types';
import { commonBlocks } from '../common-blocks';
import { type Cube, type DataType, defineCube, type SourceBlocks } from '../cube';
import { cubeDimensions } from '../cube-dimensions';
import type { FilePool } from '../files';
import type { Scene, SceneBand, SceneCubeOptions } from '../source';
import type { TiffFile } from '../tiff/open';
import { nativeGrid, pixelSize, sceneBounds } from './native-grid';
import { type BandMeaning, bandMeaning, commonType, isWide, needsMask } from './scene-meta';
import { readWindow, type Tools } from './scene-window';

/** Files that are looked into when a cube is made; of more scenes the bounding boxes tell the extent. */
const maxOpened = 64;
/** Files that are opened at the same time. */
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
  readonly blocks: SourceBlocks;
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
  const dimensions = cubeDimensions(options, labels);
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
    blocks: plan.blocks,
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

async function makePlan(options: SceneCubeOptions, files: FilePool, signal: AbortSignal): Promise<Plan> {
  const limiter = new Limiter(concurrency);
  const open = (band: SceneBand): Promise<Opened> =>
    limiter.run(
      async () => {
        const file = await files.open(band.href, signal, band.source);
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
    blocks: commonBlocks(
      finest.file,
      found.map(({ file }) => file),
    ),
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
