import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Journal } from '../../../src/base/journal';
import { silentLogger } from '../../../src/base/logger';
import { openObjectStore } from '../../../src/store/objects/open';
import { openTileStore } from '../../../src/store/tiles/open';
import { EarlierFiles } from '../../../src/tiles/earlier-files';
import { TileFiles } from '../../../src/tiles/files';
import { finishFiles, unfinishedMoves } from '../../../src/tiles/finish-files';

/** Moves the files of a catalogue, and prints a line for each row. */
async function main([url, folder]: string[]): Promise<void> {
  const store = await openTileStore(url, { logger: silentLogger });
  const open = (path: string) => openObjectStore(pathToFileURL(path).href, { logger: silentLogger });
  const from = join(folder, 'from');
  const moves = unfinishedMoves();
  const journal = await Journal.open(join(folder, 'moves.ndjson'), moves.note);
  const files = new TileFiles(await open(join(folder, 'objects')));
  const earlier = new EarlierFiles(await open(from), from);
  const { catalogue } = store;
  for await (const done of finishFiles({ catalogue, files, earlier, journal }, moves.list()))
    process.stdout.write(`${done.kind}\n`);
  await journal.close();
  await store.close();
}

void main(process.argv.slice(2));
