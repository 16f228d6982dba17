import { type CommandFlags, type CommandLine, UsageError } from '../arguments';
import { manageCache } from './cache';
import { migrateTiles } from './migrate';
import { migrateFiles } from './migrate-files';
import { pullTilesCommand } from './pull';
import { pushTilesCommand } from './push';
import { sweep } from './sweep';

const subcommands: ReadonlyMap<string, (line: CommandLine) => Promise<number>> = new Map([
  ['pull', pullTilesCommand],
  ['push', pushTilesCommand],
  ['cache', manageCache],
  ['sweep', sweep],
  ['migrate', migrateTiles],
  ['migrate-files', migrateFiles],
]);

/** Flags of all subcommands. */
export const tileFlags: CommandFlags = {
  remove: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  from: { type: 'string' },
  revalidate: { type: 'boolean' },
  ...Object.fromEntries(
    [
      'server',
      'token',
      'user',
      'retries',
      'cache',
      'bbox',
      'plan',
      'zooms',
      'budget',
      'sector',
      'sectors',
      'stale',
    ]
      .concat(['max-age', 'max-resolution', 'max-cells', 'concurrency', 'flight', 'captured-at'])
      .map((name) => [name, { type: 'string' } as const]),
  ),
};

/** The command `tiles`. @throws UsageError */
export async function manageTiles(line: CommandLine): Promise<number> {
  const run = subcommands.get(line.positionals[0] ?? '');
  if (!run) throw new UsageError(`tiles ${[...subcommands.keys()].join('|')}; "tilegraph --help" shows how`);
  return run(line);
}
