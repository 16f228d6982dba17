import { OpenEOError } from '../base/errors';
import { packagePath } from '../base/paths';
import { ConfigError } from '../config/load';
import { readCommandLine, UsageError } from './arguments';
import { commands } from './commands';
import { helpText } from './help';
import { CommandError } from './terminal';

async function main(args: readonly string[]): Promise<number> {
  const [name = ''] = args.filter((argument) => !argument.startsWith('-'));
  const command = commands.get(name);
  const line = readCommandLine(args, command?.flags ?? {});
  if (line.flags['version']) {
    process.stdout.write(`${(require(packagePath('package.json')) as { version: string }).version}\n`);
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
  return command.run(line);
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    const isExpected = [UsageError, ConfigError, CommandError, OpenEOError].some(
      (kind) => error instanceof kind,
    );
    process.stderr.write(`${isExpected ? error.message : error.stack}\n`);
    process.exit(error instanceof UsageError || error instanceof ConfigError ? 2 : 1);
  },
);
