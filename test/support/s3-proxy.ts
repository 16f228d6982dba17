import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Limiter } from '../../src/base/limiter';

/**
 * What happens to a request: a status instead of an answer; `reset` before it is passed on; `lose` its answer;
 * `cut` the answer's body in half; `stall` in the middle of the body; `hang` without an answer.
 */
export type Fault = number | 'reset' | 'lose' | 'cut' | 'stall' | 'hang';

export interface S3Proxy {
  readonly endpoint: string;
  /** Decides about each request; undefined: none suffers. */
  fault: ((request: IncomingMessage) => Fault | undefined) | undefined;
  /** Answers conditions of writes by itself, `refuse` with 501, or leaves them to the server behind. */
  conditions: 'answer' | 'refuse' | 'pass';
  readonly seen: { readonly method: string; readonly url: string }[];
  stop(): Promise<void>;
}

const codes: Readonly<Record<number, string>> = {
  412: 'PreconditionFailed',
  429: 'TooManyRequests',
  501: 'NotImplemented',
  503: 'SlowDown',
};

/** A bad network and a moody server in front of a real one. */
export async function startProxy(upstream: string): Promise<S3Proxy> {
  const target = new URL(upstream);
  const turn = new Limiter(1);
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });

  function refuse(outgoing: ServerResponse, status: number): void {
    outgoing.writeHead(status, {
      'content-type': 'application/xml',
      ...(status === 429 && { 'retry-after': '0' }),
    });
    outgoing.end(
      `<?xml version="1.0"?><Error><Code>${codes[status] ?? 'Fault'}</Code><Message>no</Message></Error>`,
    );
  }

  async function exists(path: string): Promise<boolean> {
    const head = request(new URL(path.split('?')[0], target), { method: 'HEAD' }).end();
    const [answer] = (await once(head, 'response')) as [IncomingMessage];
    answer.resume();
    return answer.statusCode === 200;
  }

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', url = '' } = incoming;
    proxy.seen.push({ method, url });
    const fault = proxy.fault?.(incoming);
    if (fault === 'reset') return void incoming.socket.destroy();
    if (fault === 'hang') return;
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    if (typeof fault === 'number') return refuse(outgoing, fault);
    const isConditional = incoming.headers['if-none-match'] === '*';
    if (isConditional && proxy.conditions === 'refuse') return refuse(outgoing, 501);
    await turn.run(async () => {
      if (isConditional && proxy.conditions === 'answer' && (await exists(url))) return refuse(outgoing, 412);
      const { 'if-none-match': condition, ...headers } = incoming.headers;
      const passed = {
        ...headers,
        ...(proxy.conditions === 'pass' && condition && { 'if-none-match': condition }),
      };
      const outward = request(new URL(url, target), { method, headers: passed }).end(Buffer.concat(chunks));
      const [answer] = (await once(outward, 'response')) as [IncomingMessage];
      const parts: Buffer[] = [];
      for await (const chunk of answer) parts.push(chunk);
      const body = Buffer.concat(parts);
      if (fault === 'lose') return void incoming.socket.destroy();
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      if (fault !== 'cut' && fault !== 'stall') return void outgoing.end(body);
      outgoing.write(body.subarray(0, body.length / 2));
      if (fault === 'stall') return;
      await delay(20);
      incoming.socket.destroy();
    });
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: S3Proxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault: undefined,
    conditions: 'pass',
    seen: [],
    async stop() {
      server.closeAllConnections();
      server.close();
    },
  };
  return proxy;
}
