import { parseArgs } from 'node:util';
import { options } from '../config/options';

/** The command line is wrong; the message says how it should be. */
export class UsageError extends Error {}

export interface CommandLine {
  readonly command: string;
  readonly positionals: readonly string[];
  /** Flags of the configuration, by name without dashes. */
  readonly config: Readonly<Record<string, string>>;
  readonly configFile?: string;
  /** Flags of the command itself. */
  readonly flags: Readonly<Record<string, string | boolean>>;
}

export interface CommandFlags {
  readonly [name: string]: { readonly type: 'string' | 'boolean' };
}

/** Splits a command line into the command, its own flags and those of the configuration. @throws UsageError */
export function readCommandLine(args: readonly string[], own: CommandFlags): CommandLine {
  const settings = Object.fromEntries(
    options.map((option) => [option.flag.slice(2), { type: 'string' as const }]),
  );
  try {
    const parsed = parseArgs({
      args: [...args],
      options: {
        ...settings,
        config: { type: 'string' },
        help: { type: 'boolean' },
        version: { type: 'boolean' },
        ...own,
      },
      allowPositionals: true,
    });
    const values = parsed.values as Record<string, string | boolean>;
    const pick = (isConfig: boolean) =>
      Object.fromEntries(
        Object.entries(values).filter(
          ([name]) => Object.hasOwn(settings, name) === isConfig && name !== 'config',
        ),
      );
    const [command = '', ...positionals] = parsed.positionals;
    return {
      command,
      positionals,
      config: pick(true) as Record<string, string>,
      configFile: values['config'] as string | undefined,
      flags: pick(false),
    };
  } catch (error) {
    throw new UsageError(
      `${(error as Error).message}\nSettings: ${options.map((option) => option.flag).join(', ')}. "tilegraph --help" lists the commands.`,
    );
  }
}
