import { join } from 'node:path';
import { type ApplicationParts, openParts } from '../app/parts';
import { createLogger } from '../base/logger';
import { sqliteUrl } from '../config/complete';
import { loadConfig } from '../config/load';
import type { Config } from '../config/types';
import { findSample } from '../sample/create';
import type { CommandLine } from './arguments';

/** The configuration of a command line. @throws ConfigError */
export function configOf(line: CommandLine, defaults?: Readonly<Record<string, unknown>>): Config {
  return loadConfig({ flags: line.config, environment: process.env, file: line.configFile, defaults });
}

/** Where `npm start` keeps its sample collection. */
export const sampleFolder = (dataDir: string) => join(dataDir, 'sample');

/** What `npm start` sets where its user set nothing: a tile store and the sample collection. */
export function demoDefaults(dataDir: string, collectionFile: string): Readonly<Record<string, unknown>> {
  return { tileStoreUrl: sqliteUrl(join(dataDir, 'tiles.db')), collections: [collectionFile] };
}

/** The configuration of a command that works beside a server: where `npm start` used the data folder, with what it set. */
export async function configBeside(line: CommandLine): Promise<Config> {
  const config = configOf(line);
  const sample = await findSample(sampleFolder(config.dataDir));
  return sample ? configOf(line, demoDefaults(config.dataDir, sample.collectionFile)) : config;
}

/** Opens stores and the rest, and closes them whatever happens. */
export async function withParts(
  line: CommandLine,
  work: (parts: ApplicationParts) => Promise<number>,
): Promise<number> {
  const config = await configBeside(line);
  const parts = await openParts(config, createLogger('warning'));
  try {
    return await work(parts);
  } finally {
    await parts.close();
  }
}
