import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createLogger, silentLogger } from '../../src/base/logger';
import { createHttpClient } from '../../src/base/net';
import { Webhooks, webhookSignature } from '../../src/jobs/webhooks';
import type { JobRecord } from '../../src/store/records/jobs/types';
import { until } from './support/world';

interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const job = {
  ...{ id: 'j', ownerId: 'ann', type: 'batch', status: 'completed', message: 'completed' },
  completedAt: new Date('2026-01-02T03:04:05Z'),
} as unknown as JobRecord;

async function receiver(answers: number[]) {
  const heard: Heard[] = [];
  const server = createServer(async (request, response) => {
    heard.push({ headers: request.headers, body: await text(request) });
    response.statusCode = answers.shift() ?? 204;
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/hook?token=secret`;
  return { heard, url, host: `127.0.0.1:${port}`, close: () => server.close() };
}

const secret = 'a secret of the house';

test('what is told is signed, and told again until it is heard, as the same delivery', async () => {
  const { heard, url, host, close } = await receiver([500, 503, 200]);
  const http = createHttpClient({ allowedHosts: [host], logger: silentLogger });
  const hooks = new Webhooks({ http, logger: silentLogger, urls: [url], secret, pausesMs: [5, 5, 5] });
  hooks.tell(job);
  await until('it is heard', () => heard.length === 3);
  const deliveries = heard.map(({ headers }) => headers['x-tilegraph-delivery']);
  expect(new Set(deliveries).size).toBe(1);
  for (const { headers, body } of heard) {
    const time = headers['x-tilegraph-timestamp'] as string;
    expect(headers['x-tilegraph-signature']).toBe(webhookSignature(secret, time, body));
    expect(JSON.parse(body)).toMatchObject({ event: 'job.completed', job_id: 'j', created_by: 'ann' });
  }
  expect(webhookSignature(secret, '1', 'a')).not.toBe(webhookSignature(`${secret}!`, '1', 'a'));
  await hooks.close();
  expect(heard).toHaveLength(3);
  close();
});

test('a receiver that never hears ends in the log, without its secrets, and hosts that are not named are not told', async () => {
  const log: string[] = [];
  const logger = createLogger('debug', { write: (line) => void log.push(line) });
  const { heard, url, host, close } = await receiver([500, 500, 500]);
  const http = createHttpClient({ allowedHosts: [host], logger });
  const other = 'http://127.0.0.1:1/hook';
  const hooks = new Webhooks({ http, logger, urls: [url, other], secret, pausesMs: [5, 5] });
  hooks.tell(job);
  await until('both failed', () => log.length === 2);
  expect(heard).toHaveLength(3);
  expect(log.join()).toContain('it answers 500');
  expect(log.join()).toContain('not allowed');
  expect(log.join()).not.toContain('secret');
  await hooks.close();
  close();
});
