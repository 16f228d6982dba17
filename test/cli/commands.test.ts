import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../support/process';

const folder = mkdtempSync(join(tmpdir(), 'tilegraph-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (args: readonly string[], input?: string) =>
  runCommand(args, { env: { TILEGRAPH_DATA_DIR: folder }, input });

describe('what is wrong with a command is said in a line, without a stack', () => {
  test.each([
    [['frob'], 2, /no command frob/],
    [['users', 'frob'], 2, /users add\|list\|remove/],
    [['users', 'add', 'eve', '--role', 'king'], 1, /king; there are admin and uploader/],
    [['users', 'add', 'eve', '--password', 'plain'], 2, /seen by others/],
    [['users', 'add', 'eve', '--password', '-'], 1, /No password was given/],
    [['users', 'remove', 'nobody'], 1, /no user "nobody"/],
    [['serve', 'more'], 2, /serve does not know .* "more"/],
    [['check', '--role', 'admin'], 2, /--role does not belong to the command check/],
    [['serve', '--store-url', 'mysql://u:secret@h/d'], 1, /"mysql:\/\/u:\*\*\*@h\/d" cannot be used/],
    [['serve', '--tls-key', __filename, '--tls-cert', __filename], 1, /files of tlsKey and tlsCert cannot/],
    [['start', '--data-dir', __filename], 1, /data folder .* cannot be used.*--data-dir/],
  ] as const)('%j', async (args, code, message) => {
    const result = await run(args);
    expect(result.errors).toMatch(message);
    expect(result.errors).not.toMatch(/^\s+at /m);
    expect([result.code, result.output]).toEqual([code, '']);
  });
});

test('settings may stand before the command', async () => {
  const { code, output } = await run(['--port', '1234', 'config']);
  expect(code).toBe(0);
  expect(output).toMatch(/"port": 1234/);
});

test('a password comes from the first line of standard input', async () => {
  expect(await run(['users', 'add', 'mia', '--password', '-'], 'a long password\nmore\n')).toMatchObject({
    code: 0,
    output: 'Added mia\n',
  });
  expect((await run(['users', 'add', 'mia'])).errors).toMatch(/a user "mia" already/);
  expect((await run(['users', 'list'])).output).toMatch(/^mia\s+mia\s+-$/m);
});

test('files of a user go with the user, so that the next one of the name does not find them', async () => {
  const files = join(folder, 'objects', 'files');
  await run(['users', 'add', 'zoe']);
  for (const name of ['zoe', 'zoey']) {
    mkdirSync(join(files, name, 'maps'), { recursive: true });
    writeFileSync(join(files, name, 'maps', 'a.txt'), 'x');
  }
  expect(await run(['users', 'remove', 'zoe'])).toMatchObject({ code: 0, output: 'Removed zoe\n' });
  expect(readdirSync(files)).toEqual(['zoey']);
});
