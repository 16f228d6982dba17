import { type CommandFlags, type CommandLine, UsageError } from '../arguments';
import { migrateTiles } from './migrate';
import { migrateFiles } from './migrate-files';
import { sweep } from './sweep';

const subcommands: ReadonlyMap<string, (line: CommandLine) => Promise<number>> = new Map([
  ['sweep', sweep],
  ['migrate', migrateTiles],
  ['migrate-files', migrateFiles],
]);

/** Flags of all subcommands. */
export const tileFlags: CommandFlags = {
  remove: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  from: { type: 'string' },
};

/** The command `tiles`. @throws UsageError */
export async function manageTiles(line: CommandLine): Promise<number> {
  const run = subcommands.get(line.positionals[0] ?? '');
  if (!run) throw new UsageError(`tiles ${[...subcommands.keys()].join('|')}; "tilegraph --help" shows how`);
  return run(line);
}
