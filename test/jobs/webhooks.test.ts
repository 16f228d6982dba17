import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createLogger, type Logger, silentLogger } from '../../src/base/logger';
import { createHttpClient } from '../../src/base/net';
import { type WebhookOptions, Webhooks, webhookSignature } from '../../src/jobs/webhooks';
import { openRecordStore } from '../../src/store/records/open';
import type { RecordStore } from '../../src/store/records/types';
import { until } from './support/world';

interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** @param answers statuses, in order, then 204; 0 never answers */
async function receiver(answers: number[]) {
  const heard: Heard[] = [];
  const server = createServer(async (request, response) => {
    heard.push({ headers: request.headers, body: await text(request) });
    const status = answers.shift() ?? 204;
    if (status === 0) return;
    response.statusCode = status;
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/hook?token=secret`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { heard, url, host: `127.0.0.1:${port}`, close };
}

const secret = 'a secret of the house';
let records: RecordStore;
const open: (() => unknown)[] = [];

beforeEach(async () => {
  records = await openRecordStore('sqlite://', { logger: silentLogger });
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  await records.close();
});

async function hooks(
  options: Pick<WebhookOptions, 'urls'> & Partial<WebhookOptions>,
  hosts: readonly string[],
  logger: Logger = silentLogger,
) {
  const http = createHttpClient({ allowedHosts: hosts, logger });
  const made = new Webhooks({ records, http, logger, secret, pausesMs: [5, 5, 5], pollMs: 20, ...options });
  await made.start();
  let isOpen = true;
  const close = async () => {
    if (isOpen) await made.close();
    isOpen = false;
  };
  open.push(close);
  return { close, look: () => made.look() };
}

async function receiving(answers: number[]) {
  const made = await receiver(answers);
  open.push(made.close);
  return made;
}

let count = 0;
async function endJob(status: 'completed' | 'failed' = 'completed'): Promise<string> {
  const id = `job-${++count}`;
  await records.jobs.create({ id, ownerId: 'ann', type: 'batch', process: {} });
  await records.jobs.queue(id);
  const [lease] = await records.jobs.claim({
    ...{ worker: 'w', leaseMs: 60_000, types: ['batch'], limit: 1, perUser: 9, perType: {}, ids: [id] },
  });
  const error = status === 'failed' ? { code: 'Internal', message: 'It broke' } : undefined;
  await records.jobs.complete(lease, { status, message: status, error });
  return id;
}

test('what is told is signed, and told again until it is heard, as the same delivery', async () => {
  const { heard, url, host } = await receiving([500, 503, 200]);
  const { close } = await hooks({ urls: [url] }, [host]);
  const id = await endJob();
  await until('it is heard', () => heard.length === 3);
  const deliveries = heard.map(({ headers }) => headers['x-tilegraph-delivery']);
  expect(new Set(deliveries).size).toBe(1);
  for (const { headers, body } of heard) {
    const time = headers['x-tilegraph-timestamp'] as string;
    expect(headers['x-tilegraph-signature']).toBe(webhookSignature(secret, time, body));
    expect(JSON.parse(body)).toEqual({
      ...{ id: deliveries[0], event: 'job.completed', job_id: id, job_type: 'batch', status: 'completed' },
      ...{ created_by: 'ann', message: 'completed', error: null },
      completed_at: (await records.jobs.get(id))?.completedAt?.toISOString(),
    });
  }
  expect(webhookSignature(secret, '1', 'a')).not.toBe(webhookSignature(`${secret}!`, '1', 'a'));
  await endJob('failed');
  await until('the next one is heard', () => heard.length === 4);
  expect(JSON.parse(heard[3].body)).toMatchObject({ event: 'job.failed', error: 'It broke' });
  await close();
  expect(heard).toHaveLength(4);
});

test('a receiver that never hears ends in the log, without its secrets, and hosts that are not named are not told', async () => {
  const log: string[] = [];
  const logger = createLogger('debug', { write: (line) => void log.push(line) });
  const { heard, url, host } = await receiving([500, 500, 500]);
  const other = 'http://127.0.0.1:1/hook';
  await hooks({ urls: [url, other], pausesMs: [5, 5] }, [host], logger);
  await endJob();
  await until('both failed', () => log.length === 2);
  expect(heard).toHaveLength(3);
  expect(log.join()).toContain('it answers 500');
  expect(log.join()).toContain('not allowed');
  expect(log.join()).not.toContain('secret');
});

test('what waits when a process stops is told by the next one, as the same delivery', async () => {
  const { heard, url, host } = await receiving([500, 0, 500]);
  // Stopped while it waits for its next try, and while it waits for an answer.
  const first = await hooks({ urls: [url], pausesMs: [60_000] }, [host]);
  await endJob();
  await until('it is tried', () => heard.length === 1);
  await first.close();
  const [waiting] = await until('it waits', async () => {
    const [id] = new Set(heard.map(({ headers }) => String(headers['x-tilegraph-delivery'])));
    await records.webhooks.postpone({ id, attempts: 1 }, 0);
    return [id];
  });
  const second = await hooks({ urls: [url], pausesMs: [0, 0, 0] }, [host]);
  await until('it is tried again', () => heard.length === 2);
  await second.close();
  await hooks({ urls: [url] }, [host]);
  await until('it is heard', () => heard.length === 4);
  expect(new Set(heard.map(({ headers }) => headers['x-tilegraph-delivery']))).toEqual(new Set([waiting]));
});

test('a receiver that hangs does not hold up others, and any number of processes tell each end once', async () => {
  const stuck = await receiving(Array.from({ length: 50 }, () => 0));
  const well = await receiving([]);
  const urls = [stuck.url, well.url];
  const members = await Promise.all([1, 2, 3].map(() => hooks({ urls }, [stuck.host, well.host])));
  const ids: string[] = [];
  for (let n = 0; n < 40; n++) ids.push(await endJob());
  for (const { look } of members) look();
  await until('all is heard', () => well.heard.length >= 40);
  const told = well.heard.map(({ body }) => (JSON.parse(body) as { job_id: string }).job_id);
  expect(told.sort()).toEqual(ids.sort());
  // So many tries at once, of each process, and no more.
  expect(stuck.heard.length).toBeLessThanOrEqual(3 * 8);
});
