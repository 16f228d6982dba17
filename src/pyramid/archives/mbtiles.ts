import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describePlace } from '../tilejson';
import { tileFormats } from '../types';
import { type Archive, type ArchiveRequest, inOrder } from './archive';

/** Tiles that are written in one transaction. */
const batch = 500;
/** What SQLite calls files of this kind. */
const applicationId = 0x4d504258;

/**
 * Writes an MBTiles archive (version 1.3, https://github.com/mapbox/mbtiles-spec): rows from the bottom, each content
 * once.
 */
export async function writeMbtiles(request: ArchiveRequest): Promise<Archive> {
  const path = join(request.folder, 'tiles.mbtiles');
  const database = new Database(path);
  try {
    database.pragma('journal_mode = OFF');
    database.pragma('synchronous = OFF');
    database.pragma(`application_id = ${applicationId}`);
    database.exec(`
      CREATE TABLE metadata (name TEXT PRIMARY KEY, value TEXT);
      CREATE TABLE images (tile_id TEXT PRIMARY KEY, tile_data BLOB NOT NULL);
      CREATE TABLE map (
        zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_id TEXT,
        PRIMARY KEY (zoom_level, tile_column, tile_row)
      ) WITHOUT ROWID;
      CREATE VIEW tiles AS
        SELECT zoom_level, tile_column, tile_row, tile_data FROM map JOIN images USING (tile_id);
    `);
    writeMetadata(database, request);
    await writeRows(database, request);
  } finally {
    database.close();
  }
  return {
    fileName: 'tiles.mbtiles',
    mediaType: 'application/vnd.mapbox-mbtiles',
    sizeBytes: (await stat(path)).size,
    open: () => createReadStream(path),
  };
}

function writeMetadata(database: Database.Database, { plan, format, name }: ArchiveRequest): void {
  const { minzoom, maxzoom, bounds, center } = describePlace(plan);
  const insert = database.prepare('INSERT INTO metadata VALUES (?, ?)');
  const values = {
    name,
    format: tileFormats[format].extension,
    type: 'baselayer',
    version: '1.0.0',
    description: name,
    bounds: bounds.join(','),
    center: center.join(','),
    minzoom,
    maxzoom,
  };
  for (const [key, value] of Object.entries(values)) insert.run(key, String(value));
}

async function writeRows(database: Database.Database, request: ArchiveRequest): Promise<void> {
  const image = database.prepare('INSERT OR IGNORE INTO images VALUES (?, ?)');
  const address = database.prepare('INSERT INTO map VALUES (?, ?, ?, ?)');
  const { tiles } = request;
  let done = 0;
  database.exec('BEGIN');
  for await (const { tile, body } of inOrder(tiles, request)) {
    request.onProgress?.(++done / tiles.length);
    if (!body) continue;
    const id = createHash('sha256').update(body).digest('hex');
    image.run(id, body);
    address.run(tile.z, tile.x, 2 ** tile.z - 1 - tile.y, id);
    if (done % batch === 0) database.exec('COMMIT; BEGIN');
  }
  database.exec('COMMIT');
}
