import { setTimeout as delay } from 'node:timers/promises';
import { resultOf } from '../../support/api';
import { constant } from '../../support/graphs';
import { eventually, type ServerProcess, spawnServer } from '../../support/process';
import { sampleCollection } from '../../support/sample';
import { cpuSeconds, heavy } from './support';

// The program as its operator knows it: at work, and stopped.

describe('stopping', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s lets a running request finish and exits with 0',
    async (signal) => {
      const server = await spawnServer({ env: { TILEGRAPH_COLLECTIONS: await sampleCollection() } });
      const token = await server.login('admin', 'correct horse battery');
      const before = await cpuSeconds(server);
      const slow = server.call('POST', '/result', { process: heavy(16) }, token);
      await eventually(async () => expect((await cpuSeconds(server)) - before).toBeGreaterThan(0.2));
      server.signal(signal);
      const response = await slow;
      expect(response.status).toBe(200);
      const bytes = Buffer.from(await response.arrayBuffer());
      expect(bytes.subarray(0, 4).toString('latin1')).toMatch(/^(II[*+]|MM\0)/);
      expect(await server.exited).toEqual({ code: 0, signal: null });
      await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
    },
    60_000,
  );
});

describe('under load', () => {
  let server: ServerProcess;
  let token: string;
  beforeAll(async () => {
    server = await spawnServer({ env: { TILEGRAPH_COLLECTIONS: await sampleCollection() } });
    token = await server.login('admin', 'correct horse battery');
  });
  afterAll(() => server.stop());

  const start = (resolution: number, signal?: AbortSignal) =>
    fetch(`${server.api}/result`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ process: heavy(resolution) }),
      signal,
    });

  test('the server answers others during its heaviest result', async () => {
    let isDone = false;
    const computed = start(6).then(async (response) => {
      await response.arrayBuffer();
      isDone = true;
      return response.status;
    });
    const delays: number[] = [];
    while (!isDone) {
      const started = performance.now();
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
      delays.push(performance.now() - started);
      await delay(5);
    }
    expect(await computed).toBe(200);
    // How long each took depends on what else the machine does; that it answers all along does not.
    expect(delays.length).toBeGreaterThan(20);
    delays.sort((a, b) => a - b);
    if (process.env['TILEGRAPH_MEASURE'])
      process.stdout.write(
        `/healthz during the heaviest result: median ${delays[delays.length >> 1].toFixed(1)} ms, longest ${delays.at(-1)!.toFixed(1)} ms\n`,
      );
  });

  test('a client that leaves stops the computation', async () => {
    const controller = new AbortController();
    const before = await cpuSeconds(server);
    const abandoned = start(6, controller.signal);
    abandoned.catch(() => {});
    await eventually(async () => expect((await cpuSeconds(server)) - before).toBeGreaterThan(0.5));
    controller.abort();
    await expect(abandoned).rejects.toThrow();
    // Soon the process is idle: the rest of the result would have kept it busy for seconds.
    await eventually(async () => {
      const then = await cpuSeconds(server);
      await delay(300);
      expect((await cpuSeconds(server)) - then).toBeLessThan(0.1);
    });
    expect((await cpuSeconds(server)) - before).toBeLessThan(4);
  });

  test('more than the queue holds is refused with 429 at once', async () => {
    const controller = new AbortController();
    const many = Array.from({ length: 100 }, () =>
      start(6, controller.signal).then(
        (response) => ({ status: response.status, retryAfter: response.headers.get('retry-after') }),
        () => undefined,
      ),
    );
    const refused = (await Promise.race([
      Promise.all(many.slice(-20)),
      delay(20_000, [], { ref: false }),
    ])) as {
      status: number;
      retryAfter: string;
    }[];
    const codes = refused.map((answer) => answer?.status);
    expect(codes).toContain(429);
    for (const { status, retryAfter } of refused)
      if (status === 429) expect(Number(retryAfter)).toBeGreaterThan(0);
    controller.abort();
    await Promise.all(many);
    await eventually(async () => expect(await resultOf(server, constant(1))).toBe(1));
  });
});
