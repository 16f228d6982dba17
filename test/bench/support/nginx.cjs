const { execFileSync, spawn } = require('node:child_process');
const { mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { connect } = require('node:net');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { setTimeout: delay } = require('node:timers/promises');

/** A certificate that signs itself: paths of the key and the certificate in a folder. */
exports.selfSigned = (folder) => {
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  execFileSync(
    'openssl',
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout ${key} -out ${cert} -subj /CN=localhost`.split(
      ' ',
    ),
    { stdio: 'ignore' },
  );
  return { key, cert };
};

/** One worker of nginx that serves a folder below /tiles/; undefined where it is not installed. */
exports.startNginx = async (root, { key, cert }, firstPort) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tilegraph-nginx-'));
  const ports = { h1: firstPort, h2c: firstPort + 1, h2: firstPort + 2 };
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(' ');
  writeFileSync(
    path.join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
user root;
events { worker_connections 1024; }
http {
  access_log off; ${temporary} types { image/jpeg jpg; image/png png; }
  open_file_cache max=10000; sendfile on; tcp_nodelay on; http2_max_concurrent_streams 128;
  keepalive_requests 10000000;
  server {
    listen 127.0.0.1:${ports.h1}; listen 127.0.0.1:${ports.h2c} http2; listen 127.0.0.1:${ports.h2} ssl http2;
    ssl_certificate ${cert}; ssl_certificate_key ${key};
    location /tiles/ { alias ${root}/; etag on; add_header Cache-Control "public, max-age=60"; }
  }
}
`,
  );
  const child = spawn('nginx', ['-c', path.join(folder, 'nginx.conf'), '-p', folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (let tries = 0; ; tries++) {
    const socket = connect(ports.h1, '127.0.0.1');
    const isOpen = await new Promise((resolve) =>
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false)),
    );
    socket.destroy();
    if (isOpen) break;
    if (tries > 100) throw new Error(`nginx does not start: ${readFileSync(`${folder}/error.log`, 'utf8')}`);
    await delay(50);
  }
  const [worker] = execFileSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], { encoding: 'utf8' })
    .trim()
    .split(/\s+/);
  return {
    ports,
    cpuMs: () => {
      const fields = readFileSync(`/proc/${worker}/stat`, 'utf8').split(') ')[1].split(' ');
      return (Number(fields[11]) + Number(fields[12])) * 10;
    },
    async stop() {
      const ended = new Promise((resolve) => child.on('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
