import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parse } from 'yaml';
import { packagePath, packageRoot } from '../../src/base/paths';
import { loadConfig } from '../../src/config/load';
import { constant } from '../support/graphs';
import { type ServerProcess, spawnServer } from '../support/process';

// The steps of the Dockerfile, one after the other, without Docker.

const dockerfile = readFileSync(packagePath('Dockerfile'), 'utf8').replace(/\\\n\s*/g, ' ');
const [buildStage, finalStage] = dockerfile.split(/^FROM .*$/m).slice(1);
const steps = (stage: string, instruction: string) =>
  [...stage.matchAll(new RegExp(`^${instruction} (.*)$`, 'gm'))].map(([, step]) => step);
const environment = Object.fromEntries(
  steps(finalStage, 'ENV').flatMap((line) => line.split(' ').map((pair) => pair.split('='))),
) as Record<string, string>;

/** The image's user; a server that tests start as root becomes `nobody`. */
const account = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

let folder: string;
/** Where the build stage works, and what the final stage holds. */
let build: string;
let image: string;

function run(command: string): void {
  const [name, ...args] = command.split(' ');
  const { status, stdout, stderr } = spawnSync(name, args, { cwd: build, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stdout}${stderr}`);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tilegraph-deploy-'));
  chmodSync(folder, 0o755);
  [build, image] = [join(folder, 'build'), join(folder, 'image')];
  mkdirSync(image);
  // What git would give to a clone, as far as it is there now.
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: packageRoot,
    encoding: 'utf8',
  });
  for (const file of files.trim().split('\n')) {
    if (!statSync(join(packageRoot, file), { throwIfNoEntry: false })?.isFile()) continue;
    mkdirSync(dirname(join(build, file)), { recursive: true });
    cpSync(join(packageRoot, file), join(build, file));
  }
  // `npm ci` would download what is here already. Links are enough, since removing packages leaves the originals
  // alone; but npm's own list is written in place.
  // Where the folder is a link itself, a copy of the link would lead to the originals.
  const packages = realpathSync(join(packageRoot, 'node_modules'));
  const copy = join(build, 'node_modules');
  if (spawnSync('cp', ['-al', packages, copy]).status !== 0)
    cpSync(packages, copy, { recursive: true, verbatimSymlinks: true });
  rmSync(join(copy, '.package-lock.json'));
  cpSync(join(packages, '.package-lock.json'), join(copy, '.package-lock.json'));
  for (const step of steps(buildStage, 'RUN')) if (!step.startsWith('npm ci')) run(step);
  for (const step of steps(finalStage, 'COPY --from=build')) {
    const [source, target] = step.split(' ').map((path) => path.replace(/^\/app\//, ''));
    const into = target.endsWith('/') ? join(target, basename(source)) : target;
    cpSync(join(build, source), join(image, into), { recursive: true, verbatimSymlinks: true });
  }
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the first step installs exactly what the lock file says', () => {
  const [install] = steps(buildStage, 'RUN');
  expect(install).toMatch(/^npm ci\b/);
  for (const file of steps(buildStage, 'COPY')[0].split(' ').slice(0, -1))
    expect([file, existsSync(join(build, file))]).toEqual([file, true]);
});

test('the image has no packages of development, and no sources', () => {
  const { devDependencies, dependencies } = JSON.parse(
    readFileSync(join(image, 'package.json'), 'utf8'),
  ) as Record<string, Record<string, string>>;
  const lock = JSON.parse(readFileSync(join(build, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  for (const name of Object.keys(dependencies))
    expect([name, existsSync(join(image, 'node_modules', name))]).toEqual([name, true]);
  for (const name of Object.keys(devDependencies)) {
    const isOnlyDev = lock.packages[`node_modules/${name}`]?.dev === true;
    expect([name, existsSync(join(image, 'node_modules', name))]).toEqual([name, !isOnlyDev]);
  }
  expect(readdirSync(image).sort()).toEqual([
    'dist',
    'drizzle',
    'node_modules',
    'package.json',
    'processes',
    'schemas',
  ]);
});

describe('the image runs', () => {
  let server: ServerProcess;
  beforeAll(async () => {
    const dataDir = join(folder, 'data');
    mkdirSync(dataDir);
    // `chown node:node /data`
    if (account.uid) execFileSync('chown', [`${account.uid}:${account.gid}`, dataDir]);
    const { HOST, NODE_ENV } = environment;
    expect(HOST).toBe('0.0.0.0');
    const [node, ...program] = JSON.parse(steps(finalStage, 'ENTRYPOINT')[0]) as string[];
    expect(node).toBe('node');
    server = await spawnServer({ cwd: image, program, dataDir, ...account, env: { HOST, NODE_ENV } });
  });
  afterAll(() => server?.stop());

  test('as a user without rights, on all interfaces, and computes', async () => {
    if (process.platform === 'linux' && account.uid)
      expect(readFileSync(`/proc/${server.pid}/status`, 'utf8')).toMatch(/^Uid:\s+65534\s/m);
    const response = await server.call('POST', '/result', { process: constant(5) });
    expect([response.status, await response.json()]).toEqual([200, 5]);
    expect((await fetch(`${server.url}/`)).status).toBe(200);
    expect((await fetch(`${server.url}/ui/leaflet/leaflet.js`)).status).toBe(200);
  });

  test('and its health check tells whether it is alive', async () => {
    const [, command] = /^HEALTHCHECK .*CMD (\[.*\])$/m.exec(finalStage) ?? [];
    const [name, ...args] = JSON.parse(command) as string[];
    expect(name).toBe('node');
    const check = (port: number) =>
      spawnSync(process.execPath, args, {
        cwd: image,
        encoding: 'utf8',
        env: { HOST: environment['HOST'], PORT: String(port) },
        ...account,
      }).status;
    expect(check(server.port)).toBe(0);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(check(server.port)).toBe(1);
  });

  test('by default as a server, as its own user, and is stopped by SIGTERM', () => {
    expect(steps(finalStage, 'CMD')).toContain('["serve"]');
    expect(steps(finalStage, 'USER')).toEqual(['node']);
    expect(steps(finalStage, 'STOPSIGNAL')).toEqual(['SIGTERM']);
  });
});

test('compose.yaml sets what the server understands, and points it to its database', () => {
  const compose = parse(readFileSync(packagePath('compose.yaml'), 'utf8')) as {
    services: Record<
      string,
      { environment: Record<string, string>; depends_on?: Record<string, object>; volumes: string[] }
    >;
    volumes: Record<string, unknown>;
  };
  /** What docker compose does with `${NAME:-default}` when nothing is set. */
  const substituted = (text: string) => text.replace(/\$\{\w+:-([^}]*)\}/g, '$1');
  const { tilegraph, database } = compose.services;
  const settings = Object.fromEntries(
    Object.entries(tilegraph.environment).map(([name, value]) => [name, substituted(value)]),
  );
  const config = loadConfig({ environment: { ...environment, ...settings } });
  const url = new URL(config.storeUrl);
  const postgres = Object.fromEntries(
    Object.entries(database.environment).map(([name, value]) => [name, substituted(value)]),
  );
  expect([url.hostname, url.username, url.password, url.pathname.slice(1)]).toEqual([
    'database',
    postgres['POSTGRES_USER'],
    postgres['POSTGRES_PASSWORD'],
    postgres['POSTGRES_DB'],
  ]);
  expect(config.tileStoreUrl).toBe(config.storeUrl);
  expect([config.host, config.port, config.dataDir]).toEqual(['0.0.0.0', 8080, '/data']);
  expect(Object.keys(tilegraph.depends_on ?? {})).toEqual(['database']);
  for (const { volumes } of Object.values(compose.services))
    for (const volume of volumes) expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0]);
});
