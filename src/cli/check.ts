import { openParts } from '../app/parts';
import { createLogger } from '../base/logger';
import type { Config } from '../config/types';
import { print } from './terminal';

/** Tries everything that the configuration names and prints what is wrong. Exit code 1 when something is. */
export async function checkInstallation(config: Config): Promise<number> {
  const parts = await openParts(config, createLogger('warning'));
  let failures = 0;
  const attempt = async (what: string, work: () => Promise<string>) => {
    try {
      print(`ok      ${what}: ${await work()}`);
    } catch (error) {
      failures++;
      print(`failed  ${what}: ${(error as Error).message}`);
    }
  };
  try {
    const { records, tileStore, objects, registry, catalog } = parts;
    await attempt('records', async () => records.ping().then(() => 'reachable and up to date'));
    await attempt('tile store', async () => {
      if (!tileStore) return 'not configured';
      await tileStore.ping();
      return 'reachable and up to date';
    });
    await attempt('objects', async () => {
      await objects.list('check/');
      return 'readable';
    });
    await attempt('processes', async () => {
      if (registry.problems.length > 0)
        throw new Error(registry.problems.map(({ source }) => source).join(', '));
      return `${registry.list().length} usable`;
    });
    await attempt('collections', async () => {
      const found = await catalog.list();
      if (config.collections.length > 0 && found.length === 0)
        throw new Error('none of the configured ones can be read');
      return found.map(({ id }) => id).join(', ') || 'none configured';
    });
  } finally {
    await parts.close();
  }
  return failures === 0 ? 0 : 1;
}
