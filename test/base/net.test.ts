import type { lookup } from 'node:dns';
import { createServer, type RequestListener, type Server } from 'node:http';
import { printableUrl } from '../../src/base/addresses';
import { hostRule, isPrivateAddress } from '../../src/base/allowed-hosts';
import { silentLogger } from '../../src/base/logger';
import { createHttpClient, type HttpClient } from '../../src/base/net';
import { listen } from '../support/listen';

describe('isPrivateAddress', () => {
  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '0.0.0.0',
    '100.64.0.1',
    '::1',
    'fe80::1',
    'fd00::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '224.0.0.1',
    '::127.0.0.1',
    '64:ff9b::a00:1',
    '2002:7f00:1::',
    '::ffff:0:127.0.0.1',
    '::ffff:169.254.169.254',
    '64:ff9b:1::a9fe:a9fe',
    'fec0::1',
    'fe80::1%lo',
    '3fff::1',
    '::',
  ])('%s is private', (address) => expect(isPrivateAddress(address)).toBe(true));
  test.each(['8.8.8.8', '172.32.0.1', '193.0.0.1', '2606:4700::1111', '::ffff:8.8.8.8'])(
    '%s is public',
    (address) => expect(isPrivateAddress(address)).toBe(false),
  );
});

describe('hostRule', () => {
  const rule = (url: string, ...allowed: string[]) => hostRule(new URL(url), allowed);
  test('a named host is allowed at any address, a wildcard at public ones', () => {
    expect(rule('https://stac.example/x', 'stac.example')).toBe('any');
    expect(rule('https://a.stac.example/x', '*.stac.example')).toBe('public');
    expect(rule('https://stac.example/x', '*')).toBe('public');
  });
  test('names that only look alike are refused', () => {
    expect(rule('https://stac.example.evil/x', 'stac.example')).toBe('refused');
    expect(rule('https://evilstac.example/x', '*.stac.example')).toBe('refused');
    expect(rule('https://stac.example/x', '*.stac.example')).toBe('refused');
    expect(rule('https://stac.example/x')).toBe('refused');
  });
  test('a port restricts the rule', () => {
    expect(rule('http://h.example:8080/', 'h.example:8080')).toBe('any');
    expect(rule('http://h.example:8081/', 'h.example:8080')).toBe('refused');
    expect(rule('https://h.example/', 'h.example:443')).toBe('any');
  });
});

describe('the HTTP client', () => {
  const open: { server: Server; client?: HttpClient }[] = [];

  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    open.push({ server });
    return `http://127.0.0.1:${await listen(server)}`;
  }

  function client(...allowedHosts: string[]): HttpClient {
    const made = createHttpClient({ allowedHosts, logger: silentLogger });
    open.push({ server: open[0]?.server, client: made });
    return made;
  }

  afterEach(async () => {
    for (const { server, client: made } of open.splice(0)) {
      await made?.close();
      server?.close();
      server?.closeAllConnections();
    }
  });

  test('fetches JSON from an allowed host and follows a redirect within it', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/old') response.writeHead(302, { location: '/new' }).end();
      else response.end('{"ok":true}');
    });
    expect(await client('127.0.0.1').json(`${url}/old`)).toEqual({ ok: true });
  });

  test('refuses hosts that are not allowed before anything is sent', async () => {
    let requests = 0;
    const url = await serve((_, response) => {
      requests++;
      response.end('{}');
    });
    await expect(client('other.example').json(url)).rejects.toMatchObject({ code: 'HostNotAllowed' });
    await expect(client('*').json(url)).rejects.toMatchObject({ code: 'HostNotAllowed' });
    await expect(client('*').json(url.replace('127.0.0.1', '[::ffff:127.0.0.1]'))).rejects.toMatchObject({
      code: 'HostNotAllowed',
    });
    await expect(client('*').json(url.replace('127.0.0.1', '2130706433'))).rejects.toMatchObject({
      code: 'HostNotAllowed',
    });
    expect(requests).toBe(0);
  });

  // What these forms lead to on a machine is decided by the address that comes out, whatever it was written like.
  test.each([
    ['http://127.0.0.1'],
    ['http://127.1'],
    ['http://0x7f000001'],
    ['http://0x7f.0.0.1'],
    ['http://0177.0.0.1'],
    ['http://017700000001'],
    ['http://2130706433'],
    ['http://127.0.0.1.'],
    ['http://0.0.0.0'],
    ['http://0'],
    ['http://[::]'],
    ['http://[::1]'],
    ['http://[0:0:0:0:0:0:0:1]'],
    ['http://[::ffff:127.0.0.1]'],
    ['http://[::ffff:7f00:1]'],
    ['http://[0:0:0:0:0:ffff:7f00:0001]'],
    ['http://[::127.0.0.1]'],
    ['http://[64:ff9b::7f00:1]'],
    ['http://[fe80::1]'],
    ['http://localhost'],
    ['http://localhost.'],
    ['http://LOCALHOST'],
    ['http://ｌｏｃａｌｈｏｓｔ'],
    ['http://①②⑦.⓪.⓪.①'],
    ['http://127。0。0。1'],
    ['http://127.0.0.1%2e'],
    ['http://%31%32%37.0.0.1'],
    ['http://10.0.0.1'],
    ['http://192.168.0.1'],
    ['http://169.254.169.254'],
    ['http://0xa9fea9fe'],
    ['http://2852039166'],
    ['http://[::ffff:a9fe:a9fe]'],
    ['http://example.org@127.0.0.1'],
    ['http://example.org:80@127.0.0.1'],
    ['http://example.org%40@127.0.0.1'],
    ['http://127.0.0.1#@example.org'],
    ['http://127.0.0.1?@example.org'],
    ['http:\\\\127.0.0.1'],
    ['http:/127.0.0.1'],
    [' http://127.0.0.1'],
    ['HTTP://127.0.0.1'],
    ['http://127.0.0.1\t'],
    ['ht\ntp://127.0.0.1'],
  ])('with every public host allowed refuses %j and redirects to it', async (form) => {
    let requests = 0;
    const target = await serve((_, response) => {
      requests++;
      response.end('{}');
    });
    const { port } = new URL(target);
    // The port goes behind the host, before what follows it.
    const address = form.replace(/^([^?#]*)/, (authority) => `${authority.trimEnd()}:${port}/x`);
    const everyone = client('*');
    const refused = { code: expect.stringMatching(/^(HostNotAllowed|SourceUnreadable)$/) };
    await expect(everyone.json(address)).rejects.toMatchObject(refused);
    const redirecting = await serve((_, response) =>
      response.writeHead(302, { location: encodeURI(address) }).end(),
    );
    const named = client('*', new URL(redirecting).host);
    await expect(named.json(redirecting)).rejects.toMatchObject(refused);
    expect(requests).toBe(0);
  });

  test.each([
    'http://stac.example@evil.example/',
    'http://stac.example%2eevil.example/',
    'http://stac.example\\@evil.example/',
    'http://evil.example\\.stac.example/',
    'http://evil.example#.stac.example',
    'http://evil.example?.stac.example',
    'http://stac.example.evil.example/',
    'http://stac.example..evil.example/',
    'http://ⓢtac.example.evil.example/',
    'http://evil.example:80/stac.example',
  ])('%j is not the host that it looks like', async (address) => {
    const strict = createHttpClient({
      allowedHosts: ['stac.example', '*.stac.example'],
      logger: silentLogger,
      resolve: (() => {
        throw new Error('nothing is looked up');
      }) as never,
    });
    const outcome = await strict.json(address).catch((error) => (error as { code: string }).code);
    await strict.close();
    expect(['HostNotAllowed', 'SourceUnreadable']).toContain(outcome);
  });

  test('checks what a name resolves to', async () => {
    const url = await serve((_, response) => response.end('{}'));
    const named = url.replace('127.0.0.1', 'localhost');
    await expect(client('*').json(named)).rejects.toMatchObject({ code: 'HostNotAllowed' });
    expect(await client('localhost').json(named)).toEqual({});
  });

  test('a host that is named with a port is not let in on others by a wildcard', async () => {
    const url = await serve((_, response) => response.end('{}'));
    const named = url.replace('127.0.0.1', 'localhost');
    const other = `localhost:${Number(new URL(url).port) + 1}`;
    await expect(client('*', other).json(named)).rejects.toMatchObject({ code: 'HostNotAllowed' });
    expect(await client('*', new URL(named).host).json(named)).toEqual({});
  });

  test('connects to no address but the one that was checked, whatever a name resolves to next', async () => {
    let requests = 0;
    const url = await serve((_, response) => {
      requests++;
      response.end('{}');
    });
    const answers = [['127.0.0.1'], ['203.0.113.9', '127.0.0.1'], ['::ffff:127.0.0.1'], []];
    let asked = 0;
    const resolve = ((_name: string, _options: unknown, done: (error: null, found: object[]) => void) => {
      const found = answers[asked++ % answers.length];
      done(
        null,
        found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    }) as unknown as typeof lookup;
    const rebound = createHttpClient({ allowedHosts: ['*'], logger: silentLogger, resolve });
    open.push({ server: open[0].server, client: rebound });
    for (const _ of answers)
      await expect(rebound.json(url.replace('127.0.0.1', 'rebind.example'))).rejects.toMatchObject({
        code: 'HostNotAllowed',
      });
    expect([requests, asked]).toEqual([0, answers.length]);
  });

  test('checks redirects like first addresses and drops credentials on the way to another host', async () => {
    const seen: (string | undefined)[] = [];
    const target = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    });
    const url = await serve((_, response) =>
      response.writeHead(302, { location: target.replace('127.0.0.1', 'localhost') }).end(),
    );
    const headers = { authorization: 'Bearer secret' };
    await expect(client('127.0.0.1').json(url, { headers })).rejects.toMatchObject({
      code: 'HostNotAllowed',
    });
    await client('127.0.0.1', 'localhost').json(url, { headers });
    expect(seen).toEqual([undefined]);
  });

  test('gives up on endless redirects, too many bytes, bad status, silence and other protocols', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end();
      else if (request.url === '/big') response.end(Buffer.alloc(2048));
      else if (request.url === '/missing') response.writeHead(404).end();
      else if (request.url === '/text') response.end('<html>');
    });
    const http = client('127.0.0.1');
    await expect(http.json(`${url}/loop`)).rejects.toMatchObject({ code: 'SourceUnreadable' });
    await expect(http.bytes(`${url}/big`, { maxBytes: 1024 })).rejects.toThrow(/more than 1024 bytes/);
    await expect(http.bytes(`${url}/missing`)).rejects.toThrow(/answers 404/);
    await expect(http.json(`${url}/text`)).rejects.toThrow(/not JSON/);
    await expect(http.bytes(`${url}/silent`, { timeoutMs: 100 })).rejects.toThrow(/in time/);
    await expect(http.bytes('file:///etc/passwd')).rejects.toMatchObject({ code: 'SourceUnreadable' });
    await expect(http.bytes('nonsense')).rejects.toMatchObject({ code: 'SourceUnreadable' });
  });

  test('an abort ends the request with the reason of the signal', async () => {
    const url = await serve(() => {});
    const reason = new Error('left');
    await expect(client('127.0.0.1').bytes(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('secrets of an address are not printed', () => {
    expect(printableUrl('https://user:pass@host.example/a?sig=secret#x')).toBe('https://host.example/a');
  });
});
