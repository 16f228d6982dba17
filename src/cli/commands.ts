import type { ApplicationParts } from '../app/parts';
import { options } from '../config/options';
import { printableConfig } from '../config/printable';
import type { CommandFlags, CommandLine } from './arguments';
import { checkInstallation } from './check';
import { askHealth } from './health';
import { manageJobs } from './jobs';
import { configOf, withParts } from './parts';
import { seedService } from './seed';
import { serve } from './serve';
import { print } from './terminal';
import { manageTiles, tileFlags } from './tiles/tiles';
import { manageUsers } from './users';
import { work } from './worker';

export interface Command {
  readonly flags?: CommandFlags;
  /** How many words may follow the command; default: none. */
  readonly positionals?: number;
  /** Resolves to the exit code. */
  run(line: CommandLine): Promise<number>;
}

async function migrate(parts: ApplicationParts): Promise<number> {
  await parts.records.ping();
  await parts.tileStore?.ping();
  print('The databases are up to date.');
  return 0;
}

/** All commands by name. */
export const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['start', { run: (line) => serve(line, { isDemo: true }) }],
  ['serve', { run: (line) => serve(line, { isDemo: false }) }],
  [
    'users',
    {
      flags: { role: { type: 'string' }, password: { type: 'string' } },
      positionals: 3,
      run: (line) => withParts(line, (parts) => manageUsers(line, parts)),
    },
  ],
  ['tiles', { flags: tileFlags, positionals: 3, run: manageTiles }],
  ['worker', { run: work }],
  [
    'seed',
    {
      flags: { zooms: { type: 'string' }, bbox: { type: 'string' }, truncate: { type: 'boolean' } },
      positionals: 1,
      run: (line) => withParts(line, (parts) => seedService(line, parts)),
    },
  ],
  ['jobs', { positionals: 2, run: (line) => withParts(line, (parts) => manageJobs(line, parts)) }],
  ['migrate', { run: (line) => withParts(line, migrate) }],
  ['check', { run: (line) => checkInstallation(configOf(line)) }],
  [
    'config',
    {
      async run(line) {
        print(JSON.stringify(printableConfig(configOf(line)), null, 2));
        print(`\nSet by: ${options.map((option) => option.variable).join(', ')}`);
        return 0;
      },
    },
  ],
  ['health', { run: (line) => askHealth(configOf(line)) }],
]);
