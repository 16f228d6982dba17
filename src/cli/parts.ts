import { type ApplicationParts, openParts } from '../app/parts';
import { createLogger } from '../base/logger';
import { loadConfig } from '../config/load';
import type { Config } from '../config/types';
import type { CommandLine } from './arguments';

/** The configuration of a command line. @throws ConfigError */
export function configOf(line: CommandLine, defaults?: Readonly<Record<string, unknown>>): Config {
  return loadConfig({ flags: line.config, environment: process.env, file: line.configFile, defaults });
}

/** Opens stores and the rest, and closes them whatever happens. */
export async function withParts(
  line: CommandLine,
  work: (parts: ApplicationParts) => Promise<number>,
): Promise<number> {
  const config = configOf(line);
  const parts = await openParts(config, createLogger('warning'));
  try {
    return await work(parts);
  } finally {
    await parts.close();
  }
}
