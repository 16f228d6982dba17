import { createHash } from 'node:crypto';
import { Readable, Transform } from 'node:stream';
import { transformBounds, wgs84 } from '../geo/crs';
import type { Grid } from '../geo/types';
import { SavedResult } from '../graph/types';
import { type Cube, gridBounds, isCube } from '../raster/cube';
import type { Encoded } from '../raster/formats/types';
import type { ObjectStore } from '../store/objects/types';
import type { JobAsset } from '../store/records/jobs/types';

/** The data that a graph returned, saved in a format or not. */
export function dataOf(value: unknown): unknown {
  return value instanceof SavedResult ? value.data : value;
}

/**
 * Stores an encoded result, whose bytes are counted and summed on their way.
 * @throws OpenEOError `StorageFailure`; what reading the data throws; the signal's reason
 */
export async function storeEncoded(
  objects: ObjectStore,
  key: string,
  encoded: Encoded,
  signal: AbortSignal,
): Promise<Pick<JobAsset, 'key' | 'mediaType' | 'size' | 'checksum'>> {
  const hash = createHash('sha256');
  let size = 0;
  const count = (chunk: Uint8Array) => {
    hash.update(chunk);
    size += chunk.byteLength;
  };
  const { body } = encoded;
  if (body instanceof Readable) {
    const counter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        count(chunk);
        done(null, chunk);
      },
    });
    body.on('error', (error) => counter.destroy(error));
    try {
      await objects.put(key, body.pipe(counter), { signal });
    } finally {
      body.destroy();
      counter.destroy();
    }
  } else {
    count(body);
    await objects.put(key, body, { signal });
  }
  // 0x12 0x20: SHA-256 of 32 bytes, as multihash writes it.
  return { key, mediaType: encoded.mediaType, size, checksum: `1220${hash.digest('hex')}` };
}

function projection({ crs, originX, originY, resX, resY, width, height }: Grid): Record<string, unknown> {
  return {
    'proj:code': crs.epsg === undefined ? null : `EPSG:${crs.epsg}`,
    'proj:epsg': crs.epsg ?? null,
    'proj:shape': [height, width],
    'proj:transform': [resX, 0, originX, 0, -resY, originY],
  };
}

/** As the raster extension spells what JSON has no numbers for. */
function nonFinite(value: number): string {
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}

function bands(cube: Cube): Record<string, unknown> {
  const dimension = cube.dimensions.find(({ type }) => type === 'bands');
  const names = dimension?.type === 'bands' ? dimension.labels : [undefined];
  const dataType = { boolean: 'uint8', text: 'other' }[cube.dataType as string] ?? cube.dataType;
  return {
    'raster:bands': names.map((name) => ({
      ...(name !== undefined && { name: String(name) }),
      data_type: dataType,
      ...(cube.nodata !== null && {
        nodata: Number.isFinite(cube.nodata) ? cube.nodata : nonFinite(cube.nodata),
      }),
    })),
  };
}

function interval(cube: Cube): JobAsset['interval'] {
  const time = cube.dimensions.find(({ type }) => type === 'temporal');
  if (time?.type !== 'temporal') return undefined;
  const instants = time.labels
    .map((label) => new Date(label))
    .filter((date) => !Number.isNaN(date.getTime()))
    .sort((one, other) => one.getTime() - other.getTime());
  if (instants.length === 0) return undefined;
  return [instants[0].toISOString(), instants[instants.length - 1].toISOString()];
}

/** What is known of a result without reading it: place, time, grid and bands. */
export function describeData(data: unknown): Pick<JobAsset, 'bbox' | 'interval' | 'properties'> {
  if (!isCube(data)) return {};
  const { grid } = data;
  if (!grid) return { interval: interval(data) };
  const { west, south, east, north } = transformBounds(gridBounds(grid), grid.crs, wgs84);
  const bbox = [west, south, east, north] as const;
  return {
    ...(bbox.every(Number.isFinite) && { bbox }),
    interval: interval(data),
    properties: { ...projection(grid), ...bands(data) },
  };
}
