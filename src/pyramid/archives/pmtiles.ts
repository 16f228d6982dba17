import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describePlace } from '../tilejson';
import { type TileFormat, tileFormats } from '../types';
import { type Archive, type ArchiveRequest, inOrder } from './archive';
import { buildDirectories, type DirectoryEntry, headerBytes } from './pmtiles-directory';
import { tileId } from './tile-id';

const tileTypes: Readonly<Record<TileFormat, number>> = { png: 2, jpeg: 3, webp: 4, avif: 5 };
const compression = { none: 1, gzip: 2 } as const;

/** Tiles one after the other in the order of the curve, equal ones once, and where each is. */
async function writeData(request: ArchiveRequest, path: string) {
  const sorted = request.tiles
    .map((tile) => ({ tile, id: tileId(tile) }))
    .sort((one, other) => one.id - other.id);
  const ids = sorted[Symbol.iterator]();
  const entries: DirectoryEntry[] = [];
  const contents = new Map<string, { readonly offset: number; readonly length: number }>();
  let size = 0;
  let addressed = 0;
  let done = 0;
  const file = await open(path, 'w');
  try {
    for await (const { body } of inOrder(
      sorted.map(({ tile }) => tile),
      request,
    )) {
      const { id } = ids.next().value as { id: number };
      request.onProgress?.(++done / sorted.length);
      if (!body) continue;
      addressed++;
      const hash = createHash('sha256').update(body).digest('base64url');
      let place = contents.get(hash);
      if (!place) {
        place = { offset: size, length: body.length };
        contents.set(hash, place);
        await file.appendFile(body);
        size += body.length;
      }
      const last = entries.at(-1);
      if (last && last.offset === place.offset && last.tileId + last.runLength === id) last.runLength++;
      else entries.push({ tileId: id, runLength: 1, ...place });
    }
  } finally {
    await file.close();
  }
  return { entries, size, addressed, contents: contents.size };
}

/**
 * Writes a PMTiles archive, version 3 (https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md): clustered,
 * with each content once.
 */
export async function writePmtiles(request: ArchiveRequest): Promise<Archive> {
  const path = join(request.folder, 'pmtiles.data');
  const { entries, size, addressed, contents } = await writeData(request, path);
  const { root, leaves } = buildDirectories(entries);
  const { minzoom, maxzoom, bounds, center } = describePlace(request.plan);
  const metadata = gzipSync(
    JSON.stringify({
      name: request.name,
      type: 'baselayer',
      format: tileFormats[request.format].extension,
      tilesize: request.plan.tileSizePx,
    }),
  );
  const header = Buffer.alloc(headerBytes);
  header.write('PMTiles', 'latin1');
  header[7] = 3;
  const lengths = [root.length, metadata.length, leaves.length, size];
  let offset = headerBytes;
  lengths.forEach((length, part) => {
    header.writeBigUInt64LE(BigInt(offset), 8 + part * 16);
    header.writeBigUInt64LE(BigInt(length), 16 + part * 16);
    offset += length;
  });
  for (const [index, count] of [addressed, entries.length, contents].entries())
    header.writeBigUInt64LE(BigInt(count), 72 + index * 8);
  header.set([1, compression.gzip, compression.none, tileTypes[request.format], minzoom, maxzoom], 96);
  const fixed = (value: number) => Math.round(value * 1e7);
  bounds.forEach((value, index) => {
    header.writeInt32LE(fixed(value), 102 + index * 4);
  });
  header[118] = center[2];
  header.writeInt32LE(fixed(center[0]), 119);
  header.writeInt32LE(fixed(center[1]), 123);
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield Buffer.concat([header, root, metadata, leaves]);
    yield* createReadStream(path);
  }
  return {
    fileName: 'tiles.pmtiles',
    mediaType: 'application/vnd.pmtiles',
    sizeBytes: offset,
    open: () => Readable.from(bytes(), { objectMode: false }),
  };
}
