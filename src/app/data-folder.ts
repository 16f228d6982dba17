import { access, constants, mkdir } from 'node:fs/promises';
import { SetupError } from '../base/errors';

/**
 * Makes the data folder where it is missing.
 * @param mode what else must be possible; a server whose stores are all elsewhere may have one that it cannot write to
 * @throws SetupError
 */
export async function makeDataFolder(folder: string, mode: number = constants.F_OK): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, mode);
  } catch (error) {
    throw new SetupError(
      `The data folder ${folder} cannot be used: ${(error as Error).message}. Choose another one with --data-dir or TILEGRAPH_DATA_DIR.`,
      { cause: error },
    );
  }
}
