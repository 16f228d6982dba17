import { silentLogger } from '../../../src/base/logger';
import { openRecordStore } from '../../../src/store/records/open';

/** Waits for an agreed moment, opens the record store and writes to it as one of several servers. */
async function main([url, moment, name]: string[]): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Number(moment) - Date.now()));
  const store = await openRecordStore(url, { logger: silentLogger });
  const createdAt = new Date();
  await Promise.all(
    Array.from({ length: 25 }, (_, n) => store.users.put({ id: `${name} ${n}`, name, roles: [], createdAt })),
  );
  await store.close();
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
