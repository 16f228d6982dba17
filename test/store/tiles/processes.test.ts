import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { packagePath } from '../../../src/base/paths';
import type { CellRange } from '../../../src/tiles/types';
import {
  contradictions,
  dialects,
  noContradictions,
  type TestTileStore,
  testTileStore,
} from '../../support/tile-stores';

interface Outcome {
  readonly code: string;
  readonly tile?: { readonly x: number; readonly y: number };
}

const request = (serviceId: string) => (userId: string, xRange: CellRange, yRange: CellRange) => ({
  ...{ serviceId, userId, actorId: userId, zoom: 12, xRange, yRange },
});

// Each process compiles the sources anew, which takes its time on a busy machine.
jest.setTimeout(90_000);

describe.each(dialects)('several server processes on one %s', (dialect) => {
  let fixture: TestTileStore;
  const servers: ChildProcess[] = [];

  const start = async () => {
    const server = fork(packagePath('test', 'support', 'claimer.cjs'), [fixture.url], { execArgv: [] });
    servers.push(server);
    const ended = once(server, 'exit').then(() => {
      throw new Error('The server ended before it was ready');
    });
    await Promise.race([once(server, 'message'), ended]);
    ended.catch(() => {});
    return server;
  };
  const claimIn = async (server: ChildProcess, requests: unknown[]): Promise<Outcome[]> => {
    server.send({ kind: 'claim', requests });
    return (await once(server, 'message'))[0];
  };

  beforeAll(async () => {
    fixture = await testTileStore(dialect);
    await Promise.all([start(), start(), start()]);
  });
  afterAll(async () => {
    await Promise.all(
      servers.map(async (server) => {
        if (server.exitCode !== null || server.signalCode !== null) return;
        server.disconnect();
        await once(server, 'exit');
      }),
    );
    await fixture.close();
  });

  test('200 users at once get different tiles of ranges that overlap', async () => {
    const by = request('overlap');
    const ranges: [CellRange, CellRange][] = [
      [
        [0, 13],
        [0, 13],
      ],
      [
        [5, 40],
        [2, 9],
      ],
      [
        [10, 11],
        [0, 99],
      ],
    ];
    const batches = servers.map(() => [] as unknown[]);
    for (let user = 0; user < 200; user++) batches[user % 3].push(by(`u${user}`, ...ranges[user % 3]));
    const outcomes = (
      await Promise.all(servers.map((server, index) => claimIn(server, batches[index])))
    ).flat();
    expect(outcomes.filter(({ code }) => code !== 'none')).toEqual([]);
    expect(new Set(outcomes.map(({ tile }) => `${tile?.x}/${tile?.y}`)).size).toBe(200);
    expect(await contradictions(fixture)).toEqual(noContradictions);
  });

  test('200 users for 150 tiles: 150 get one, 50 are told that there is none', async () => {
    const by = request('scarce');
    const batches = servers.map(() => [] as unknown[]);
    for (let user = 0; user < 200; user++) batches[user % 3].push(by(`u${user}`, [3, 12], [20, 34]));
    const outcomes = (
      await Promise.all(servers.map((server, index) => claimIn(server, batches[index])))
    ).flat();
    const codes = new Map<string, number>();
    for (const { code } of outcomes) codes.set(code, (codes.get(code) ?? 0) + 1);
    expect(codes).toEqual(
      new Map([
        ['none', 150],
        ['NoTileAvailable', 50],
      ]),
    );
    expect(await contradictions(fixture)).toEqual(noContradictions);
  });

  test('one user at three servers gets one tile', async () => {
    const by = request('one');
    const batch = Array.from({ length: 20 }, () => by('anna', [0, 99], [0, 99]));
    const outcomes = (await Promise.all(servers.map((server) => claimIn(server, batch)))).flat();
    expect(new Set(outcomes.map(({ code, tile }) => `${code} ${tile?.x}/${tile?.y}`)).size).toBe(1);
    expect(await fixture.rows(`select * from tile_assignments where service_id = 'one'`)).toHaveLength(1);
  });

  test('a server killed in the middle leaves nothing half done', async () => {
    const by = request('crash');
    const players = (server: number) =>
      Array.from({ length: 20 }, (_, index) => by(`u${server}-${index}`, [6, 11], [6, 11]));
    servers.forEach((server, index) => {
      server.send({ kind: 'play', requests: players(index) });
    });
    for (const server of servers.slice(0, 2)) {
      await delay(400);
      server.kill('SIGKILL');
      await once(server, 'exit');
    }
    await delay(200);
    servers[2].kill('SIGKILL');
    await once(servers[2], 'exit');
    await settled(fixture);
    expect(await contradictions(fixture)).toEqual(noContradictions);
    const [{ n }] = await fixture.rows<{ n: number }>(
      `select count(*) as n from tile_history where service_id = 'crash'`,
    );
    expect(Number(n)).toBeGreaterThan(50);
    const next = await start();
    const held = (await fixture.rows(`select * from tile_assignments where service_id = 'crash'`)).length;
    const late = Array.from({ length: 40 }, (_, index) => by(`late${index}`, [6, 11], [6, 11]));
    const outcomes = await claimIn(next, late);
    expect(outcomes.filter(({ code }) => code === 'none')).toHaveLength(36 - held);
    expect(await contradictions(fixture)).toEqual(noContradictions);
  });
});

/** PostgreSQL notices a dead client only when its statement is done. */
async function settled({ sql, rows }: TestTileStore): Promise<void> {
  if (sql.dialect === 'sqlite') return;
  for (;;) {
    const busy = await rows(
      `select pid from pg_stat_activity where datname = current_database()
       and state <> 'idle' and pid <> pg_backend_pid()`,
    );
    if (busy.length === 0) return;
    await delay(20);
  }
}
