import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runCommand, type ServerProcess, spawnServer } from '../support/process';
import { sampleCollection } from '../support/sample';

jest.setTimeout(120_000);

const dataDir = mkdtempSync(join(tmpdir(), 'tilegraph-cli-seed-'));
let server: ServerProcess;
let service: string;

beforeAll(async () => {
  // As `npm start` leaves it, without making the sample again.
  symlinkSync(dirname(dirname(await sampleCollection())), join(dataDir, 'sample'));
  server = await spawnServer({ command: 'start', dataDir });
  const { services } = (await (await server.call('GET', '/services')).json()) as {
    services: { id: string }[];
  };
  service = services[0].id;
});
afterAll(async () => {
  await server?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const seed = (...args: string[]) =>
  runCommand(['seed', service, ...args], { env: { TILEGRAPH_DATA_DIR: dataDir } });

test('tiles of a service are drawn beside its server, once, and removed', async () => {
  const area = ['--zooms', '9-11', '--bbox=11.3,47.7,11.4,47.8'];
  const first = await seed(...area);
  expect([first.code, first.errors]).toEqual([0, '']);
  const [, drawn] = /^(\d+) tiles drawn, 0 still right, 0 stale ones removed\n$/.exec(first.output)!;
  expect(Number(drawn)).toBeGreaterThan(2);
  expect((await seed(...area)).output).toBe(`0 tiles drawn, ${drawn} still right, 0 stale ones removed\n`);
  expect((await seed(...area, '--truncate')).output).toBe(`Removed ${drawn} tiles\n`);
});

test('what is wrong is said', async () => {
  const far = await seed('--zooms', '9', '--bbox=100,0,101,1');
  expect([far.code, far.output]).toEqual([0, 'The service has no tiles at these zooms in this area.\n']);
  expect(await seed('--zooms', '11-9')).toMatchObject({ code: 2, errors: expect.stringContaining('"11-9"') });
  expect(await seed('--zooms', '9', '--bbox=1,2')).toMatchObject({ code: 2 });
  expect(await seed()).toMatchObject({ code: 2, errors: expect.stringContaining('--zooms') });
  const unknown = await runCommand(['seed', 'nope', '--zooms', '9'], {
    env: { TILEGRAPH_DATA_DIR: dataDir },
  });
  expect(unknown).toMatchObject({ code: 1, errors: 'There is no service nope.\n' });
});
