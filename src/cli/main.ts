import { setFlagsFromString } from 'node:v8';
import { OpenEOError, SetupError } from '../base/errors';
import { packageVersion } from '../base/paths';
import { ConfigError } from '../config/load';
import { type CommandFlags, readCommandLine, UsageError } from './arguments';
import { commands } from './commands';
import { helpText } from './help';
import { CommandError } from './terminal';

/**
 * Pixels live in array buffers. Where V8 can, it counts them with the rest of the heap (which starts at 256 MB, see
 * scripts/launch.cjs) in place of collecting everything at every 64 MB of them: a third of the cost of a cold tile.
 */
if (Number(process.versions.node.split('.')[0]) >= 24)
  setFlagsFromString('--external-memory-accounted-in-global-limit');

async function main(args: readonly string[]): Promise<number> {
  const flags = Object.assign({}, ...[...commands.values()].map((command) => command.flags ?? {}));
  const line = readCommandLine(args, flags as CommandFlags);
  const name = line.command;
  const command = commands.get(name);
  if (line.flags['version']) {
    process.stdout.write(`${packageVersion}\n`);
    return 0;
  }
  if (line.flags['help'] || name === 'help') {
    process.stdout.write(helpText());
    return 0;
  }
  if (!command)
    throw new UsageError(
      name ? `There is no command ${name}. "tilegraph --help" lists the commands.` : helpText(),
    );
  const foreign = Object.keys(line.flags).find((flag) => !Object.hasOwn(command.flags ?? {}, flag));
  if (foreign !== undefined) throw new UsageError(`--${foreign} does not belong to the command ${name}.`);
  const [extra] = line.positionals.slice(command.positionals ?? 0);
  if (extra !== undefined)
    throw new UsageError(`The command ${name} does not know what to do with "${extra}".`);
  return command.run(line);
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    const isExpected = [UsageError, CommandError, SetupError, OpenEOError].some(
      (kind) => error instanceof kind,
    );
    process.stderr.write(`${isExpected ? error.message : error.stack}\n`);
    process.exit(error instanceof UsageError || error instanceof ConfigError ? 2 : 1);
  },
);
