import { writeFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { temporaryFolders } from '../../support/folders';
import { constant } from '../../support/graphs';
import { requestH2 } from '../../support/h2';
import { freePort, listen } from '../../support/listen';
import { runCommand, spawnServer } from '../../support/process';
import { sampleCollection } from '../../support/sample';
import { selfSigned } from '../../support/tls';
import { describeWith } from '../../support/tools';

// The program as its clients reach it: through a proxy, with HTTP/2, over TLS.

const newFolder = temporaryFolders();
const certificate = selfSigned();

test('behind a proxy with a path all links lead through it', async () => {
  let target = 0;
  const proxy = http.createServer((request, response) => {
    const path = request.url!.replace(/^\/maps/, '');
    if (path === request.url) return void response.writeHead(404).end();
    const onward = http.request(
      {
        host: '127.0.0.1',
        port: target,
        method: request.method,
        path: path || '/',
        headers: request.headers,
      },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      },
    );
    request.pipe(onward);
  });
  const base = `http://127.0.0.1:${await listen(proxy)}/maps`;
  target = await freePort();
  const server = await spawnServer({
    port: target,
    env: { TILEGRAPH_PUBLIC_URL: `${base}/`, TILEGRAPH_COLLECTIONS: await sampleCollection() },
  });
  expect(server.output()).toContain(`${base}/`);
  const made = await server.call('POST', '/services', {
    type: 'xyz',
    process: constant(5),
    configuration: { scope: 'public' },
  });
  const service = made.headers.get('location')!;
  const id = made.headers.get('openeo-identifier');
  const seen = new Set<string>();
  const checked: string[] = [];
  /** Follows every address of ours in a document; each has to lead through the proxy. */
  async function follow(url: string, depth: number): Promise<void> {
    if (seen.has(url)) return;
    seen.add(url);
    const response = await server.call('GET', url);
    expect([url, response.status]).toEqual([url, 200]);
    const body = await response.text();
    expect(body).not.toContain(`127.0.0.1:${target}`);
    for (const [address] of body.matchAll(/https?:\/\/127\.0\.0\.1:[^"'\s<>&]*/g)) {
      expect(address).toMatch(new RegExp(`^${base}(/|$)`));
      checked.push(address);
      if (depth > 0 && !/[{}]|\?$|\.tif$/.test(address)) await follow(address, depth - 1);
    }
  }
  expect(service.startsWith(`${base}/`)).toBe(true);
  await follow(service, 1);
  await follow(`${base}/.well-known/openeo`, 2);
  await follow(`${base}/openeo/1.2/services/xyz/${id}/tilejson.json`, 1);
  await follow(`${base}/openeo/1.2/services/xyz/${id}/WMTSCapabilities.xml`, 1);
  await follow(`${base}/openeo/1.2/processes?limit=20`, 1);
  expect(checked.length).toBeGreaterThan(10);
  const page = await (await fetch(`${base}/`)).text();
  for (const [, address] of page.matchAll(/(?:src|href)="([^"]+)"/g))
    expect([address, (await fetch(new URL(address, `${base}/`))).status]).toEqual([address, 200]);
  await server.stop();
  proxy.close();
});

test('the plain port speaks HTTP/1.1 and HTTP/2 with prior knowledge, and says GOAWAY', async () => {
  const server = await spawnServer();
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  const session = http2.connect(server.url);
  const goaway = new Promise<number>((resolve) => session.on('goaway', resolve));
  const answers = await Promise.all([1, 2, 3].map(() => requestH2(session, { ':path': '/openeo/1.2/' })));
  for (const { status, body } of answers) {
    expect(status).toBe(200);
    expect(JSON.parse(body.toString()).api_version).toBe('1.2.0');
  }
  const exit = server.stop();
  expect(await goaway).toBe(0);
  expect(await exit).toEqual({ code: 0, signal: null });
});

describeWith(certificate, 'openssl', 'TLS', () => {
  test('one port speaks HTTP/1.1 and HTTP/2, as the client likes', async () => {
    const folder = newFolder('tls');
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    writeFileSync(key, certificate!.key);
    writeFileSync(cert, certificate!.cert);
    const server = await spawnServer({ env: { TILEGRAPH_TLS_KEY: key, TILEGRAPH_TLS_CERT: cert } });
    expect(server.url).toMatch(/^https:/);
    const trust = { rejectUnauthorized: false };
    const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
      https.get(`${server.url}/openeo/1.2/`, { ...trust, agent: false }, resolve).on('error', reject);
    });
    expect([answer.httpVersion, answer.statusCode]).toEqual(['1.1', 200]);
    await text(answer);
    const session = http2.connect(server.url, trust);
    expect((await requestH2(session, { ':path': '/openeo/1.2/' })).status).toBe(200);
    expect(session.alpnProtocol).toBe('h2');
    session.close();
    const health = await runCommand(
      ['health', '--port', String(server.port)].concat(['--tls-key', key, '--tls-cert', cert]),
    );
    expect(health.code).toBe(0);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
  });
});
