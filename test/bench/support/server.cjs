const { spawn } = require('node:child_process');
const { mkdtempSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { Agent, fetch } = require('undici');

/** Large results take their time until the first byte. */
const patient = new Agent({ headersTimeout: 0, bodyTimeout: 0 });

/** What the server's process is started with, see scripts/launch.cjs. */
exports.flags = ['--initial-old-space-size=256', '--max-semi-space-size=64'];

/** Starts the built server with these settings; resolves when it takes requests. */
exports.startServer = async (dist, environment) => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'tilegraph-bench-'));
  const startedMs = performance.now();
  const child = spawn(process.execPath, [...exports.flags, path.join(dist, 'src/cli/main.js'), 'serve'], {
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      TILEGRAPH_DATA_DIR: dataDir,
      TILEGRAPH_ADMIN_PASSWORD: 'correct horse',
      TILEGRAPH_LOG_LEVEL: 'error',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const url = await new Promise((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`The server ended with ${code}: ${output}`)));
    child.stdout.on('data', (text) => {
      output += text;
      const ready = /ready: (\S+?)\/\n/.exec(output);
      if (ready) resolve(ready[1]);
    });
  });
  const readyMs = performance.now() - startedMs;
  const authorization = `Basic ${Buffer.from('admin:correct horse').toString('base64')}`;
  const login = environment.TILEGRAPH_TLS_KEY
    ? { access_token: '' }
    : await (await fetch(`${url}/openeo/1.2/credentials/basic`, { headers: { authorization } })).json();
  const token = `basic//${login.access_token.replace(/^basic\/\//, '')}`;
  return {
    url,
    token,
    pid: child.pid,
    readyMs,
    /** CPU of all its threads so far, in milliseconds. */
    cpuMs: () => {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
      return (Number(fields[11]) + Number(fields[12])) * 10;
    },
    /** Peak of resident memory, in MiB. */
    peakMiB: () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1024,
    async call(method, route, body) {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const response = await fetch(`${url}/openeo/1.2${route}`, {
        method,
        headers,
        body: JSON.stringify(body),
        dispatcher: patient,
      });
      if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
      return response;
    },
    async stop() {
      child.removeAllListeners('exit');
      const ended = new Promise((resolve) => child.on('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
};
