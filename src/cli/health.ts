import http from 'node:http';
import https from 'node:https';
import type { Config } from '../config/types';
import { print } from './terminal';

const anyAddress = new Set(['0.0.0.0', '::']);

/** Asks the server of this configuration whether it is alive; the exit code is for health checks of containers. */
export function askHealth({ host, port, tls }: Config): Promise<number> {
  const target = { host: anyAddress.has(host) ? '127.0.0.1' : host, port, path: '/healthz', timeout: 4000 };
  return new Promise((resolve) => {
    const done = (code: number, text: string) => {
      print(text);
      resolve(code);
    };
    // The certificate is for the public name; here only the process behind the port matters.
    const request = tls ? https.get({ ...target, rejectUnauthorized: false }) : http.get(target);
    request.on('response', (response) => {
      response.resume();
      done(response.statusCode === 200 ? 0 : 1, `The server answers ${response.statusCode}`);
    });
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', (error) =>
      done(1, `The server at ${target.host}:${port} is not alive: ${error.message}`),
    );
  });
}
