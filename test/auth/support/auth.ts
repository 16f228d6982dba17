import { type Auth, type AuthOptions, createAuth } from '../../../src/auth/auth';
import { silentLogger } from '../../../src/base/logger';
import { createHttpClient } from '../../../src/base/net';
import { openRecordStore } from '../../../src/store/records/open';
import type { RecordStore } from '../../../src/store/records/types';

/** Cheap on purpose: the tests hash many passwords. */
export const testCost = { N: 1024, r: 8, p: 1 };

/** Authentication on a store in memory. */
export async function openAuth(
  options: Partial<AuthOptions> = {},
): Promise<{ auth: Auth; records: RecordStore; close(): Promise<void> }> {
  const logger = silentLogger;
  const records = options.records ?? (await openRecordStore('sqlite://', { logger }));
  const http = createHttpClient({ allowedHosts: ['127.0.0.1'], logger });
  const auth = createAuth({ records, http, logger, providers: [], passwordCost: testCost, ...options });
  return {
    auth,
    records,
    async close() {
      auth.close();
      await http.close();
      if (!options.records) await records.close();
    },
  };
}
