import { constants } from 'node:fs';
import { createApplication } from '../app';
import { makeDataFolder } from '../app/data-folder';
import { createLogger } from '../base/logger';
import type { Config } from '../config/types';
import { createSample } from '../sample/create';
import type { CommandLine } from './arguments';
import { configOf, demoDefaults, sampleFolder } from './parts';
import { publishSampleServices } from './sample-services';
import { untilStopped } from './stopping';
import { CommandError, print } from './terminal';

/** Requests that run when a stop is asked for may take so long to finish. */
const graceMs = 25_000;

function baseUrl({ host, publicUrl, tls }: Config, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return publicUrl ?? `${tls ? 'https' : 'http'}://${name}:${port}`;
}

const listenProblems: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program; choose another one with --port or PORT',
  EACCES: 'may not be used by this user; ports below 1024 often need more rights',
  EADDRNOTAVAIL: 'is not an address of this machine; choose another one with --host or HOST',
};

function listenError({ host, port }: Config, error: NodeJS.ErrnoException): Error {
  const reason = listenProblems[error.code ?? ''];
  return reason ? new CommandError(`${host}:${port} ${reason}.`) : error;
}

/** The configuration of `npm start`: a tile store and the sample collection, unless they are set. */
async function demoConfig(line: CommandLine): Promise<Config> {
  const { dataDir, logLevel } = configOf(line);
  await makeDataFolder(dataDir, constants.W_OK);
  const { collectionFile } = await createSample(sampleFolder(dataDir), { logger: createLogger(logLevel) });
  return configOf(line, demoDefaults(dataDir, collectionFile));
}

/** The commands `serve` and `start`. Resolves when the server has stopped. */
export async function serve(line: CommandLine, { isDemo }: { readonly isDemo: boolean }): Promise<number> {
  const config = isDemo ? await demoConfig(line) : configOf(line);
  const logger = createLogger(config.logLevel);
  // From here on: whoever reads that the server is ready may stop it in the next moment.
  const stopped = untilStopped();
  let password: string | undefined;
  const application = await createApplication(config, logger, {
    onPassword(user, made) {
      password = made;
      print(`First administrator: ${user}, password: ${made} (shown this once)`);
    },
  });
  if (isDemo) await publishSampleServices(application);
  const port = await application.listen().catch((error: Error) => {
    throw listenError(config, error);
  });
  const url = baseUrl(config, port);
  print(`Tilegraph is ready: ${url}/`);
  print(`openEO API:        ${url}/openeo/1.2`);
  if (isDemo && password === undefined)
    print(
      `Log in as ${config.adminUser}; "npm run tilegraph -- users password ${config.adminUser}" sets a new password.`,
    );
  await stopped;
  await application.stop(graceMs);
  return 0;
}
