import { silentLogger } from '../../src/base/logger';
import { packagePath } from '../../src/base/paths';
import { createRegistry } from '../../src/graph/registry';
import { SchemaChecks } from '../../src/graph/schema/checks';

/** The processes that come with the program, and what a graph runner needs beside them. */
export async function predefinedProcesses<Context>() {
  const checks = new SchemaChecks();
  const limits = { nodes: 10_000, depth: 50 };
  const registry = await createRegistry<Context>({
    specFolders: [packagePath('processes')],
    moduleFolder: packagePath('src', 'processes'),
    isWatching: false,
    ...{ checks, limits, logger: silentLogger },
  });
  return { checks, limits, registry };
}
