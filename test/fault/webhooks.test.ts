import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { webhookSignature } from '../../src/jobs/webhooks';
import { eventually, spawnServer } from '../support/process';

jest.setTimeout(300_000);

const secret = 'a secret of the house';
const process_graph = {
  add: { process_id: 'add', arguments: { x: 1, y: 2 }, result: true },
};

test('a webhook that could not be told yet is told by the server that follows one that was killed', async () => {
  const heard: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  const receiver = createServer(async (request, response) => {
    heard.push({ headers: request.headers, body: await text(request) });
    response.writeHead(heard.length < 3 ? 503 : 204).end();
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  const dataDir = mkdtempSync(join(tmpdir(), 'tilegraph-fault-webhooks-'));
  const env = {
    TILEGRAPH_JOB_WEBHOOKS: `http://127.0.0.1:${port}/hook`,
    TILEGRAPH_JOB_WEBHOOK_SECRET: secret,
  };
  let server = await spawnServer({ dataDir, env });
  try {
    const made = await server.call('POST', '/jobs', { process: { process_graph } });
    const id = made.headers.get('openeo-identifier')!;
    expect((await server.call('POST', `/jobs/${id}/results`)).status).toBe(202);
    // The third try is seconds away.
    await eventually(() => expect(heard.length).toBe(2), 120_000);
    await server.kill();
    server = await spawnServer({ dataDir, env });
    await eventually(() => expect(heard.length).toBe(3), 120_000);
    expect(new Set(heard.map(({ headers }) => headers['x-tilegraph-delivery'])).size).toBe(1);
    for (const { headers, body } of heard) {
      const time = headers['x-tilegraph-timestamp'] as string;
      expect(headers['x-tilegraph-signature']).toBe(webhookSignature(secret, time, body));
      expect(JSON.parse(body)).toMatchObject({ event: 'job.completed', job_id: id });
    }
  } finally {
    await server.stop();
    receiver.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
