import { type CommandFlags, type CommandLine, UsageError } from '../arguments';
import { manageCache } from './cache';
import { migrateTiles } from './migrate';
import { migrateFiles } from './migrate-files';
import { pullTilesCommand } from './pull';
import { pushTilesCommand } from './push';
import { sweep } from './sweep';

interface Subcommand {
  /** Flags that take a value, and flags that take none. */
  readonly texts?: readonly string[];
  readonly switches?: readonly string[];
  /** Resolves to the exit code. */
  run(line: CommandLine): Promise<number>;
}

const server = ['server', 'token', 'user', 'retries'];
const sectors = ['sector', 'sectors', 'stale', 'max-age'];
const pending = ['flight', 'captured-at'];

const subcommands: ReadonlyMap<string, Subcommand> = new Map<string, Subcommand>([
  [
    'pull',
    {
      texts: [...server, ...sectors, 'cache', 'bbox', 'plan', 'zooms', 'budget'].concat([
        ...['max-resolution', 'max-cells', 'concurrency'],
      ]),
      switches: ['revalidate'],
      run: pullTilesCommand,
    },
  ],
  ['push', { texts: [...server, ...pending, 'cache'], run: pushTilesCommand }],
  ['cache', { texts: [...pending, 'cache', 'sector'], switches: ['remove'], run: manageCache }],
  ['sweep', { switches: ['remove'], run: sweep }],
  ['migrate', { switches: ['dry-run'], run: migrateTiles }],
  ['migrate-files', { texts: ['from'], switches: ['dry-run'], run: migrateFiles }],
]);

/** Flags of all subcommands. */
export const tileFlags: CommandFlags = Object.fromEntries(
  [...subcommands.values()].flatMap(({ texts = [], switches = [] }) => [
    ...texts.map((name) => [name, { type: 'string' } as const] as const),
    ...switches.map((name) => [name, { type: 'boolean' } as const] as const),
  ]),
);

/** The command `tiles`. @throws UsageError */
export async function manageTiles(line: CommandLine): Promise<number> {
  const [name = ''] = line.positionals;
  const subcommand = subcommands.get(name);
  if (!subcommand)
    throw new UsageError(`tiles ${[...subcommands.keys()].join('|')}; "tilegraph --help" shows how`);
  const { texts = [], switches = [], run } = subcommand;
  const foreign = Object.keys(line.flags).find((flag) => !texts.includes(flag) && !switches.includes(flag));
  if (foreign !== undefined)
    throw new UsageError(`--${foreign} does not belong to the command tiles ${name}.`);
  const most = { cache: 3, push: 2 }[name] ?? 1;
  const extra = line.positionals[most];
  if (extra !== undefined)
    throw new UsageError(`The command tiles ${name} does not know what to do with "${extra}".`);
  return run(line);
}
