import type { ApplicationParts } from '../../app/parts';
import { TileFiles } from '../../tiles/files';
import { sweepTiles } from '../../tiles/sweep';
import type { TileStore } from '../../tiles/types';
import type { CommandLine } from '../arguments';
import { withParts } from '../parts';
import { CommandError, print } from '../terminal';

/** @throws CommandError where none is configured */
export function tileStoreOf({ tileStore }: ApplicationParts): TileStore {
  if (!tileStore) throw new CommandError('There is no tile catalogue: set TILEGRAPH_TILE_STORE_URL.');
  return tileStore;
}

/** The command `tiles sweep`. Exit code 1 when rows are without a file, which nothing here can mend. */
export function sweep(line: CommandLine): Promise<number> {
  return withParts(line, async (parts) => {
    const { catalogue } = tileStoreOf(parts);
    const remove = line.flags['remove'] === true;
    const count = { files: 0, bytes: 0, removed: 0, rows: 0 };
    for await (const finding of sweepTiles(catalogue, new TileFiles(parts.objects), { remove })) {
      if (finding.kind === 'row without file') {
        count.rows++;
        print(`row without file  ${finding.id}  ${finding.path}`);
        continue;
      }
      count.files++;
      count.bytes += finding.size;
      if (finding.removed) count.removed++;
      print(`file without row  ${finding.path}  ${finding.size} bytes${finding.removed ? ', removed' : ''}`);
    }
    print(
      `${count.files} files without a row (${count.bytes} bytes), ${count.removed} removed; ${count.rows} rows without a file.`,
    );
    if (count.files > 0 && !remove) print('"tilegraph tiles sweep --remove" removes these files.');
    return count.rows === 0 ? 0 : 1;
  });
}
