import type { Readable } from 'node:stream';
import { OpenEOError } from '../../../base/errors';
import type { Grid } from '../../../geo/types';
import { chooseNodata, sampleKinds } from '../samples';
import { bodyOf } from '../spool';
import { directorySize, type Field, writeDirectory } from './directory';
import { geoKeys, gridTags } from './geokeys';
import { buildPyramid, type Level, type PyramidOptions } from './pyramid';

/** A layer of the file as GDAL_METADATA describes it. */
export interface TiffLayer {
  readonly name: string;
  /** physical = stored · scale + offset */
  readonly scale?: number;
  readonly offset?: number;
}

export interface TiffSource extends Omit<PyramidOptions, 'width' | 'height' | 'layers' | 'nodata'> {
  readonly grid: Grid;
  readonly layers: readonly TiffLayer[];
  /** What stands for missing values; null: the writer chooses, and says so only where some are missing. */
  readonly nodata: number | null;
  /** Three or four 8-bit layers that are red, green, blue and opacity. */
  readonly isPicture?: boolean;
}

export interface TiffFile {
  readonly body: Uint8Array | Readable;
  readonly byteLength: number;
  readonly isBig: boolean;
}

const xmlEntities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => xmlEntities[character]);
}

function gdalMetadata(layers: readonly TiffLayer[]): string {
  const items = layers.flatMap(({ name, scale, offset }, sample) => {
    // GDAL escapes the value and then the document, and undoes both.
    const item = (itemName: string, value: string | number) =>
      `<Item name="${itemName}" sample="${sample}" role="${itemName.toLowerCase()}">` +
      `${escapeXml(escapeXml(String(value)))}</Item>`;
    return [
      ...(name ? [item('DESCRIPTION', name)] : []),
      ...(offset !== undefined ? [item('OFFSET', offset)] : []),
      ...(scale !== undefined ? [item('SCALE', scale)] : []),
    ];
  });
  return items.length ? `<GDALMetadata>${items.join('')}</GDALMetadata>` : '';
}

/** The fields of one resolution; offsets still count from the start of the level's tiles. */
function levelFields(source: TiffSource, level: Level, depth: number, nodata: number | null): Field[] {
  const kind = sampleKinds[source.sampleType];
  const samples = source.layers.length;
  const colours = source.isPicture ? 3 : 1;
  const repeat = (value: number) => new Array<number>(samples).fill(value);
  const fields: Field[] = [
    { tag: 256, type: 4, values: [level.width] },
    { tag: 257, type: 4, values: [level.height] },
    { tag: 258, type: 3, values: repeat(kind.bits) },
    { tag: 259, type: 3, values: [source.compression === 'deflate' ? 8 : 1] },
    { tag: 262, type: 3, values: [source.isPicture ? 2 : 1] },
    { tag: 277, type: 3, values: [samples] },
    { tag: 284, type: 3, values: [source.interleave === 'band' && samples > 1 ? 2 : 1] },
    { tag: 322, type: 4, values: [source.tileSize] },
    { tag: 323, type: 4, values: [source.tileSize] },
    { tag: 339, type: 3, values: repeat(kind.format) },
  ];
  if (depth > 0) fields.push({ tag: 254, type: 4, values: [1] });
  if (source.compression === 'deflate')
    fields.push({ tag: 317, type: 3, values: [kind.format === 3 ? 3 : 2] });
  if (samples > colours)
    fields.push({
      tag: 338,
      type: 3,
      // 2: opacity that colours are not multiplied by; 0: unspecified.
      values: Array.from({ length: samples - colours }, () => (source.isPicture ? 2 : 0)),
    });
  if (nodata !== null)
    fields.push({ tag: 42113, type: 2, values: Number.isNaN(nodata) ? 'nan' : String(nodata) });
  if (depth > 0) return fields;
  const { scale, tiepoint } = gridTags(source.grid);
  const keys = geoKeys(source.grid.crs);
  fields.push({ tag: 33550, type: 12, values: scale }, { tag: 33922, type: 12, values: tiepoint });
  fields.push({ tag: 34735, type: 3, values: keys.directory });
  if (keys.doubles.length > 0) fields.push({ tag: 34736, type: 12, values: keys.doubles });
  if (keys.ascii) fields.push({ tag: 34737, type: 2, values: keys.ascii });
  const metadata = gdalMetadata(source.layers);
  if (metadata) fields.push({ tag: 42112, type: 2, values: metadata });
  return fields;
}

/** Header and directories, with every tile's place: overviews from the coarsest, then full resolution. */
function layOutFile(
  source: TiffSource,
  levels: readonly Level[],
  nodata: number | null,
  isBig: boolean,
): { head: Buffer; byteLength: number } {
  const offsetType = isBig ? 16 : 4;
  const headerBytes = isBig ? 16 : 8;
  const base = levels.map((level, depth) => levelFields(source, level, depth, nodata));
  const withTiles = (depth: number, start: number): Field[] => [
    ...base[depth],
    { tag: 324, type: offsetType, values: levels[depth].offsets.map((offset) => offset + start) },
    { tag: 325, type: 4, values: levels[depth].byteCounts },
  ];
  const sizes = levels.map((_, depth) => directorySize(withTiles(depth, 0), isBig));
  let position = sizes.reduce((sum, size) => sum + size, headerBytes);
  const starts = new Array<number>(levels.length);
  for (let depth = levels.length - 1; depth >= 0; depth--) {
    starts[depth] = position;
    position += levels[depth].spool.length;
  }
  const head: Buffer[] = [Buffer.alloc(headerBytes)];
  head[0].write('II', 0, 'latin1');
  head[0].writeUInt16LE(isBig ? 43 : 42, 2);
  if (isBig) {
    head[0].writeUInt16LE(8, 4);
    head[0].writeBigUInt64LE(16n, 8);
  } else head[0].writeUInt32LE(8, 4);
  let start = headerBytes;
  levels.forEach((_, depth) => {
    const next = depth + 1 < levels.length ? start + sizes[depth] : 0;
    head.push(writeDirectory(withTiles(depth, starts[depth]), start, next, isBig));
    start += sizes[depth];
  });
  return { head: Buffer.concat(head), byteLength: position };
}

const maxSamples = 65535;
const classicBytes = 2 ** 32 - 1;

/**
 * Writes a tiled GeoTIFF in the layout of a Cloud Optimized GeoTIFF: all directories first, then the
 * tiles of the overviews from the coarsest on, and those of full resolution last. BigTIFF beyond 4 GB.
 * The body is in memory where it is small and read from a temporary file otherwise.
 */
export async function writeTiff(source: TiffSource): Promise<TiffFile> {
  const layers = source.layers.length;
  if (layers > maxSamples)
    throw new OpenEOError('ResultNotRenderable', {
      reason: `it has ${layers} layers and a TIFF file holds ${maxSamples}; reduce or filter a dimension.`,
    });
  const nodata = chooseNodata(source.sampleType, source.nodata);
  const { width, height } = source.grid;
  const pyramid = await buildPyramid({ ...source, width, height, layers, nodata });
  const { levels } = pyramid;
  const written = source.nodata !== null || pyramid.isAnyMissing ? nodata.value : null;
  let file = layOutFile(source, levels, written, false);
  const isBig = file.byteLength > classicBytes;
  if (isBig) file = layOutFile(source, levels, written, true);
  const { head, byteLength } = file;
  async function* bytes() {
    yield head;
    for (const level of levels.toReversed()) yield* level.spool.read();
  }
  const body = await bodyOf(
    bytes(),
    levels.map((level) => level.spool),
  );
  return { body, byteLength, isBig };
}
