import { CrsError } from '../../geo/crs';
import type { Grid } from '../../geo/types';
import { reading, unreadable } from '../bytes/unreadable';
import type { DataType } from '../cube';
import type { ByteSource } from '../source';
import { crsOfKeys, type GeoKeys, isPixelPoint, readGeoKeys } from './geo-keys';
import { type Entry, TiffHeader, tag } from './ifd';
import { type ImageLayout, readLayout, type SampleKind } from './image';
import { readNodata, readSampleMetadata, type SampleMetadata } from './metadata';

/** One resolution of a file: the image itself or an overview. */
export interface Level {
  readonly index: number;
  readonly image: ImageLayout;
  /** The validity mask of the same size, where the file has one. */
  readonly mask?: ImageLayout;
  /** Pixels of the full resolution per pixel; not necessarily whole, nor equal in both directions. */
  readonly factorX: number;
  readonly factorY: number;
}

/** A GeoTIFF file that was opened: all that is known before pixels are read. */
export interface TiffFile {
  readonly source: ByteSource;
  /** Identifies the bytes: the source and its version. */
  readonly key: string;
  readonly version: string;
  readonly grid: Grid;
  /** From the full resolution down. */
  readonly levels: readonly Level[];
  readonly dataType: DataType;
  readonly nodata?: number;
  readonly samples: ReadonlyMap<number, SampleMetadata>;
}

const dataTypes: Readonly<Record<SampleKind, DataType>> = {
  uint8: 'uint8',
  int8: 'int8',
  uint16: 'uint16',
  int16: 'int16',
  uint32: 'uint32',
  int32: 'int32',
  float16: 'float32',
  float32: 'float32',
  float64: 'float64',
};

/** Opens a GeoTIFF file. @throws OpenEOError `SourceUnreadable` */
export async function openTiff(source: ByteSource): Promise<TiffFile> {
  return reading(source.id, undefined, async () => {
    const header = await TiffHeader.read(source);
    const layouts: ImageLayout[] = [];
    for (const directory of header.directories) layouts.push(await readLayout(header, directory));
    const first = header.directories[0];
    const keys = await readGeoKeys(header, first);
    const nodataEntry = first.get(tag.gdalNodata);
    const metadataEntry = first.get(tag.gdalMetadata);
    const nodata = nodataEntry ? readNodata(await header.text(nodataEntry)) : undefined;
    const version = await source.version();
    return {
      source,
      key: `${source.id}\n${version}`,
      version,
      grid: await readGrid(header, first, keys, layouts[0]),
      levels: findLevels(layouts),
      dataType: dataTypes[layouts[0].kind],
      ...(nodata !== undefined && { nodata }),
      samples: readSampleMetadata(metadataEntry ? await header.text(metadataEntry) : ''),
    };
  });
}

/** Overviews are reduced images of the same bands; masks belong to the image of their size. */
function findLevels(layouts: readonly ImageLayout[]): Level[] {
  const main = layouts[0];
  const isMask = (image: ImageLayout) => (image.subfileType & 4) !== 0 && image.samples === 1;
  const masks = layouts.filter(isMask);
  const images = layouts.filter(
    (image, index) =>
      index === 0 ||
      ((image.subfileType & 1) !== 0 &&
        !isMask(image) &&
        image.samples === main.samples &&
        image.kind === main.kind &&
        image.width <= main.width &&
        image.height <= main.height),
  );
  images.sort((a, b) => b.width - a.width);
  return images.map((image, index) => {
    const mask = masks.find(({ width, height }) => width === image.width && height === image.height);
    return {
      index,
      image,
      ...(mask && { mask }),
      factorX: main.width / image.width,
      factorY: main.height / image.height,
    };
  });
}

async function readGrid(
  header: TiffHeader,
  directory: ReadonlyMap<number, Entry>,
  keys: GeoKeys,
  image: ImageLayout,
): Promise<Grid> {
  const fail = (reason: string, cause?: unknown) => unreadable(header.source.id, reason, cause);
  const transform = await readTransform(header, directory);
  if (!transform) throw fail('it says nothing of where it lies (no georeference)');
  const [a, b, c, d, e, f] = transform;
  if (b !== 0 || d !== 0) throw fail('it is rotated, which is not supported; warp it to a north-up grid');
  if (![a, c, e, f].every(Number.isFinite) || a <= 0 || e >= 0)
    throw fail('its rows do not run from north to south, or its columns not from west to east');
  // A tie point in the middle of a pixel is half a pixel away from the corner that a grid starts at.
  const shift = isPixelPoint(keys) ? 0.5 : 0;
  let crs: Grid['crs'];
  try {
    crs = crsOfKeys(keys);
  } catch (error) {
    if (error instanceof CrsError) throw fail(error.message, error);
    throw error;
  }
  return {
    crs,
    originX: c - shift * a,
    originY: f - shift * e,
    resX: a,
    resY: -e,
    width: image.width,
    height: image.height,
  };
}

/** Pixel to coordinates: x = a·column + b·row + c, y = d·column + e·row + f. */
async function readTransform(
  header: TiffHeader,
  directory: ReadonlyMap<number, Entry>,
): Promise<readonly [number, number, number, number, number, number] | undefined> {
  const scaleEntry = directory.get(tag.pixelScale);
  const tieEntry = directory.get(tag.tiePoint);
  if (scaleEntry && tieEntry) {
    const scale = await header.numbers(scaleEntry);
    const tie = await header.numbers(tieEntry);
    if (scale.length >= 2 && tie.length >= 6) {
      const [x, y] = scale;
      return [x, 0, tie[3] - tie[0] * x, 0, -y, tie[4] + tie[1] * y];
    }
  }
  const matrixEntry = directory.get(tag.transformation);
  if (!matrixEntry) return undefined;
  const matrix = await header.numbers(matrixEntry);
  if (matrix.length < 8) return undefined;
  return [matrix[0], matrix[1], matrix[3], matrix[4], matrix[5], matrix[7]];
}
