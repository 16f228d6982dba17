import { ensureAdmin } from '../auth/users';
import { OpenEOError } from '../base/errors';
import type { ApplicationParts } from './parts';

const adminRetryMs = 2000;

export interface AdministratorOptions {
  /** Called once with the first administrator's password where one had to be made up. */
  readonly onPassword?: (user: string, password: string) => void;
}

/** Makes sure that there is an administrator, as soon as the database can be reached. */
export async function makeAdmin(
  parts: Pick<ApplicationParts, 'config' | 'records' | 'logger'>,
  options: AdministratorOptions,
  stopped: AbortSignal,
): Promise<void> {
  const { config, records, logger } = parts;
  try {
    const { generatedPassword } = await ensureAdmin(records, {
      id: config.adminUser,
      password: config.adminPassword,
    });
    if (generatedPassword !== undefined) options.onPassword?.(config.adminUser, generatedPassword);
  } catch (error) {
    if (!(error instanceof OpenEOError) || error.code !== 'StoreUnavailable') throw error;
    logger.warning(
      'The database cannot be reached; requests that need it are answered with 503 until it is back',
    );
    const retry = setTimeout(() => {
      makeAdmin(parts, options, stopped).catch((failure: Error) =>
        logger.error('The first administrator was not made', { error: failure }),
      );
    }, adminRetryMs);
    stopped.addEventListener('abort', () => clearTimeout(retry), { once: true });
  }
}
