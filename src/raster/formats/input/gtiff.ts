import { createHash } from 'node:crypto';
import { transformBounds, wgs84 } from '../../../geo/crs';
import { type Cube, gridBounds } from '../../cube';
import { dropSingleLabel } from '../../single-label';
import type { RasterInfo, Scene, SceneBand } from '../../source';
import { instantOf } from '../dataset/time';
import { readOptions } from '../options';
import { unsuitable } from '../unsuitable';
import { namesParameter } from './read-all';
import type { InputFile, InputFormat, LoadRequest } from './types';

const parameters = {
  bands: {
    ...namesParameter,
    description:
      'Names for the bands of the file, in its order. Default: their descriptions in the file, or "B1", "B2", ….',
  },
} as const;

/** Stands for "no date"; the dimension is dropped again. */
const undated = '1970-01-01T00:00:00Z';

interface Sample {
  readonly band: string;
  readonly date: string | undefined;
}

/** Our own files call a sample by its date and its band; other descriptions are names of bands. */
function meaningOf(description: string): Sample {
  for (const pattern of [/^(?<date>\S+) (?<band>.+)$/, /^(?<band>.+) (?<date>\S+)$/]) {
    const { date, band } = pattern.exec(description)?.groups ?? {};
    if (date !== undefined && instantOf(date) !== undefined) return { band, date };
  }
  return { band: description, date: undefined };
}

function samplesOf(info: RasterInfo, names: readonly string[] | null, file: InputFile): Sample[] {
  if (names) {
    if (names.length !== info.samples)
      throw unsuitable(`${file.name} has ${info.samples} bands, and "bands" names ${names.length}.`);
    return names.map((band) => ({ band, date: undefined }));
  }
  const numbered = Array.from({ length: info.samples }, (_, index) => ({
    band: `B${index + 1}`,
    date: undefined,
  }));
  if (info.descriptions.some((description) => !description)) return numbered;
  const samples = info.descriptions.map((description) => meaningOf(description!));
  const isDated = samples.every(({ date }) => date !== undefined);
  const plain = isDated ? samples : info.descriptions.map((band) => ({ band: band!, date: undefined }));
  const isUnique = new Set(plain.map(({ band, date }) => JSON.stringify([band, date]))).size === plain.length;
  return isUnique ? plain : numbered;
}

/** The scenes of a file: one for each date in it. */
async function scenesOf(
  file: InputFile,
  names: readonly string[] | null,
  { raster, signal }: LoadRequest,
): Promise<{ readonly scenes: readonly Scene[]; readonly version: string }> {
  const info = await raster.info(file.href, signal, file.source);
  const { west, south, east, north } = transformBounds(gridBounds(info.grid), info.grid.crs, wgs84);
  const dates = new Map<string, Map<string, SceneBand>>();
  samplesOf(info, names, file).forEach(({ band, date = undated }, sample) => {
    const bands = dates.get(date) ?? new Map<string, SceneBand>();
    bands.set(band, { href: file.href, ...(file.source && { source: file.source }), sample });
    dates.set(date, bands);
  });
  const scenes = [...dates].map(
    ([datetime, bands]): Scene => ({ datetime, bbox: [west, south, east, north], bands }),
  );
  return { scenes, version: info.version };
}

/** GeoTIFF files, read by blocks when their pixels are asked for. */
export const gtiffInput: InputFormat = {
  name: 'GTiff',
  aliases: ['COG', 'GeoTIFF'],
  title: 'GeoTIFF',
  description:
    'GeoTIFF and Cloud Optimized GeoTIFF, as bands, y and x. Descriptions that are a date and a band, as results here ' +
    'have them, become dates and bands. Of several files those with the same bands are mosaicked, earlier ones on top.',
  gisDataTypes: ['raster'],
  isLazy: true,
  parameters,
  async load(files: readonly InputFile[], request: LoadRequest): Promise<Cube> {
    const { bands } = readOptions<{ bands: readonly string[] | null }>(
      'GTiff',
      parameters,
      request.options,
      request.process,
    );
    const found = await Promise.all(files.map((file) => scenesOf(file, bands, request)));
    const scenes = found.flatMap((each) => each.scenes);
    const names = [...new Set(scenes.flatMap((scene) => [...scene.bands.keys()]))];
    const cube = await request.raster.sceneCube(
      {
        scenes,
        bands: names.map((name) => ({ name })),
        names: { x: 'x', y: 'y', t: 't', bands: 'bands' },
        dataVersion: createHash('sha256')
          .update(found.map(({ version }) => version).join('\n'))
          .digest('hex')
          .slice(0, 24),
      },
      request.signal,
    );
    return scenes.some(({ datetime }) => datetime !== undated) ? cube : dropSingleLabel(cube, 't');
  },
};
