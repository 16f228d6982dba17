import type { Backend } from '../backend';
import type { Route } from '../route';

const pingMs = 3000;

/** Addresses for operators: alive, ready, figures. */
export function healthRoutes({ records, tileStore, metrics, logger }: Backend): Route[] {
  const checks = new Map<string, () => Promise<void>>([['records', () => records.ping()]]);
  if (tileStore) checks.set('tile_store', () => tileStore.ping());

  /** The reason goes to the log in full, since it may name hosts and users. */
  async function check(name: string, ping: () => Promise<void>): Promise<[string, string]> {
    try {
      await withTimeout(ping(), pingMs);
      return [name, 'ok'];
    } catch (error) {
      logger.debug('A store is not ready', { store: name, error });
      return [name, error instanceof TimeoutError ? 'no answer in time' : 'cannot be reached'];
    }
  }

  return [
    {
      method: 'GET',
      path: '/healthz',
      base: 'root',
      access: 'public',
      handle(_request, response) {
        response.setHeader('Cache-Control', 'no-store');
        response.json({ status: 'ok' });
      },
    },
    {
      method: 'GET',
      path: '/readyz',
      base: 'root',
      access: 'public',
      async handle(_request, response) {
        const results = await Promise.all([...checks].map(([name, ping]) => check(name, ping)));
        const isReady = results.every(([, result]) => result === 'ok');
        response.setHeader('Cache-Control', 'no-store');
        response
          .status(isReady ? 200 : 503)
          .json({ status: isReady ? 'ready' : 'not ready', checks: Object.fromEntries(results) });
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      base: 'root',
      access: 'public',
      async handle(_request, response) {
        const text = await metrics.registry.metrics();
        response.setHeader('Content-Type', metrics.registry.contentType);
        response.end(text);
      },
    },
  ];
}

class TimeoutError extends Error {}

function withTimeout(work: Promise<void>, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new TimeoutError()), timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
