import { createHash, randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { silentLogger } from '../../src/base/logger';
import { openRecordStore } from '../../src/store/records/open';
import { assignment } from '../support/graphs';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { type ServerProcess, spawnServer } from '../support/process';

// A mapping campaign: 200 people with several clients each, three servers, one PostgreSQL. The guarantees of
// the tile assignment are checked on the rows, not on what the servers say about them.

const zoom = 12;
const people = Array.from({ length: 200 }, (_, index) => `mapper-${String(index).padStart(3, '0')}`);

interface Answer {
  readonly status: number;
  /** A tile, or an error with its code. */
  readonly body: { readonly x: number; readonly y: number; readonly stage: string; readonly code?: string };
  readonly retryAfter: string | null;
}

type Range = readonly [number, number];
interface Area {
  readonly x: Range;
  readonly y: Range;
}

interface Row {
  readonly x: number;
  readonly y: number;
  readonly user_id: string;
  readonly stage: string;
}

let database: TestDatabase;
let sql: Client;
let servers: ServerProcess[];
let env: Record<string, string>;
const tokens = new Map<string, string>();

beforeAll(async () => {
  database = await testDatabase();
  env = { TILEGRAPH_STORE_URL: database.url, TILEGRAPH_TILE_STORE_URL: database.url };
  servers = await Promise.all([1, 2, 3].map(() => spawnServer({ env })));
  sql = new Client({ connectionString: database.url });
  await sql.connect();
  // Two hundred log-ins would be half a minute of password hashing: the tokens are put where log-ins put them.
  const records = await openRecordStore(database.url, { logger: silentLogger });
  const [createdAt, expiresAt] = [new Date(), new Date(Date.now() + 3_600_000)];
  for (const id of [...people, 'stranger']) {
    const token = randomBytes(32).toString('base64url');
    const digest = createHash('sha256').update(token).digest('hex');
    await records.users.put({ id, name: id, roles: [], createdAt });
    await records.tokens.put({ digest, userId: id, createdAt, expiresAt });
    tokens.set(id, `basic//${token}`);
  }
  await records.close();
});

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await sql?.end();
  await database?.drop();
});

async function campaign(area: Area, configuration: object): Promise<string> {
  const made = await servers[0].call('POST', '/services', {
    type: 'xyz',
    title: 'Campaign',
    process: assignment(zoom, area.x, area.y),
    configuration: { tile_store: true, ...configuration },
  });
  expect(made.status).toBe(201);
  return made.headers.get('openeo-identifier')!;
}

/** What one client asks. The address of the tile plays no part in it. */
async function ask(
  server: ServerProcess,
  service: string,
  user: string | null,
  stage: string,
  area?: Area,
): Promise<Answer> {
  const query = new URLSearchParams({
    stage,
    ...(area && { x_range: JSON.stringify(area.x), y_range: JSON.stringify(area.y) }),
  });
  const response = await server.call(
    'GET',
    `/services/xyz/${service}/tiles/${zoom}/0/0?${query}`,
    undefined,
    user === null ? null : tokens.get(user),
  );
  return {
    status: response.status,
    body: (await response.json()) as Answer['body'],
    retryAfter: response.headers.get('retry-after'),
  };
}

async function rowsOf(service: string): Promise<Row[]> {
  const { rows } = await sql.query<Row>(
    'select x, y, user_id, stage from tile_assignments where service_id = $1 and z = $2 order by user_id',
    [service, zoom],
  );
  return rows;
}

const cellOf = ({ x, y }: { x: number; y: number }) => `${x}/${y}`;
const isWithin = ({ x, y }: Row, area: Area) =>
  x >= area.x[0] && x <= area.x[1] && y >= area.y[0] && y <= area.y[1];
const cells = ({ x, y }: Area) => (x[1] - x[0] + 1) * (y[1] - y[0] + 1);

/** One owner for each tile, one tile for each user, and a history that leads to exactly these rows. */
async function checkGuarantees(service: string): Promise<Row[]> {
  const rows = await rowsOf(service);
  expect(new Set(rows.map(cellOf)).size).toBe(rows.length);
  expect(new Set(rows.map(({ user_id }) => user_id)).size).toBe(rows.length);
  const { rows: steps } = await sql.query<{
    x: number;
    y: number;
    user_id: string;
    from_stage: string;
    to_stage: string;
  }>('select x, y, user_id, from_stage, to_stage from tile_history where service_id = $1 order by id', [
    service,
  ]);
  // Each user's own steps are in order; steps of different users may be written in another one.
  const replayed = new Map<string, { cell: string; stage: string }>();
  for (const step of steps) {
    const held = replayed.get(step.user_id);
    expect([step.user_id, held?.stage ?? 'free']).toEqual([step.user_id, step.from_stage]);
    if (held) expect([step.user_id, held.cell]).toEqual([step.user_id, cellOf(step)]);
    if (step.to_stage === 'free') replayed.delete(step.user_id);
    else replayed.set(step.user_id, { cell: cellOf(step), stage: step.to_stage });
  }
  expect(new Map(rows.map((row) => [row.user_id, { cell: cellOf(row), stage: row.stage }]))).toEqual(
    new Map([...replayed].sort(([a], [b]) => (a < b ? -1 : 1))),
  );
  return rows;
}

test('200 people claim at once, from three servers each, in unequal ranges that overlap', async () => {
  const areas: Area[] = [
    { x: [1000, 1019], y: [2000, 2009] },
    { x: [1010, 1024], y: [2005, 2019] },
    { x: [1015, 1016], y: [2000, 2019] },
  ];
  const service = await campaign(areas[0], { scope: 'restricted', authorized_users: people });
  const areaOf = (index: number) => areas[index % areas.length];
  const answers = await Promise.all(
    people.map((user, index) =>
      Promise.all(servers.map((server) => ask(server, service, user, 'claim', areaOf(index)))),
    ),
  );
  const rows = await checkGuarantees(service);
  const held = new Map(rows.map((row) => [row.user_id, row]));
  for (const [index, user] of people.entries()) {
    const row = held.get(user);
    if (row) {
      expect(isWithin(row, areaOf(index))).toBe(true);
      // The same tile for all clients of one user; one that found nothing did so before.
      for (const { status, body } of answers[index])
        expect(status === 200 ? cellOf(body) : body.code).toBe(
          status === 200 ? cellOf(row) : 'NoTileAvailable',
        );
    } else {
      for (const { status, body, retryAfter } of answers[index]) {
        expect([status, body.code]).toEqual([409, 'NoTileAvailable']);
        expect(Number(retryAfter)).toBeGreaterThan(0);
      }
    }
  }
  // Nobody was sent away while there was room: the ranges of those without a tile are full.
  for (const [index, user] of people.entries())
    if (!held.has(user))
      expect(rows.filter((row) => isWithin(row, areaOf(index)))).toHaveLength(cells(areaOf(index)));
  expect(rows.length).toBeGreaterThanOrEqual(150);
});

test('one tile is free: one of 60 gets it', async () => {
  const area: Area = { x: [7, 13], y: [9, 12] };
  const service = await campaign(area, { scope: 'public' });
  const first = people.slice(0, cells(area) - 1);
  const rest = people.slice(first.length, first.length + 60);
  const spread = (users: readonly string[]) =>
    Promise.all(users.map((user, index) => ask(servers[index % 3], service, user, 'claim')));
  for (const { status } of await spread(first)) expect(status).toBe(200);
  const answers = await spread(rest);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  const refused = answers.filter(({ status }) => status !== 200);
  expect(new Set(refused.map(({ status, body }) => `${status} ${body.code}`))).toEqual(
    new Set(['409 NoTileAvailable']),
  );
  for (const { retryAfter } of refused) expect(Number(retryAfter)).toBeGreaterThan(0);
  expect(await checkGuarantees(service)).toHaveLength(cells(area));

  // Somebody gives theirs back: again there is room for exactly one.
  expect((await ask(servers[1], service, first[0], 'release')).body.stage).toBe('released');
  const again = await spread(rest.filter((_, index) => answers[index].status !== 200));
  expect(again.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(await checkGuarantees(service)).toHaveLength(cells(area));
});

test('only those who may take part do', async () => {
  const area: Area = { x: [0, 3], y: [0, 3] };
  const restricted = await campaign(area, { scope: 'restricted', authorized_users: people });
  const open = await campaign(area, { scope: 'public' });
  expect((await ask(servers[0], restricted, 'stranger', 'claim')).status).toBeGreaterThanOrEqual(403);
  expect((await ask(servers[0], restricted, null, 'claim')).status).toBe(401);
  expect((await ask(servers[1], open, null, 'claim')).body.code).toBe('AuthenticationRequired');
  expect((await ask(servers[2], open, 'stranger', 'submit')).body.code).toBe('TileNotAssigned');
  expect(await rowsOf(restricted)).toEqual([]);
  expect(await rowsOf(open)).toEqual([]);
});

test('a server is killed in the middle; its clients go on elsewhere', async () => {
  const area: Area = { x: [1000, 1015], y: [2000, 2015] };
  const service = await campaign(area, { scope: 'public' });
  const victim = servers[0];
  let answered = 0;
  let cut = 0;

  /** Tries again on another server when one is gone, as a client of a campaign has to. */
  async function persist(user: string, stage: string, home: number): Promise<Answer> {
    for (let attempt = 0; ; attempt++) {
      try {
        const answer = await ask(servers[(home + attempt) % 3], service, user, stage);
        if (++answered === 150) void victim.kill();
        return answer;
      } catch (error) {
        cut++;
        if (attempt > 5) throw error;
      }
    }
  }

  const last = await Promise.all(
    people.map(async (user, home) => {
      for (let round = 0; round < 3; round++) {
        expect((await persist(user, 'claim', home)).status).toBe(200);
        const { status, body } = await persist(user, 'release', home);
        // Where the answer was lost, the tile may have been given back already.
        expect(status === 200 ? body.stage : body.code).toMatch(/^(released|TileNotAssigned)$/);
      }
      const claimed = await persist(user, 'claim', home);
      expect(claimed.status).toBe(200);
      if (home % 2 === 0) {
        const submitted = await persist(user, 'submit', home);
        expect(submitted.body.code ?? submitted.body.stage).toMatch(/^(submitted|TileAlreadyLocked)$/);
      }
      return claimed.body;
    }),
  );
  expect(await victim.exited).toEqual({ code: null, signal: 'SIGKILL' });
  expect(cut).toBeGreaterThan(0);
  const rows = await checkGuarantees(service);
  expect(rows.map((row) => [row.user_id, cellOf(row), row.stage])).toEqual(
    people.map((user, index) => [user, cellOf(last[index]), index % 2 === 0 ? 'submitted' : 'claimed']),
  );
  servers[0] = await spawnServer({ env });
  expect(cellOf((await ask(servers[0], service, people[5], 'claim')).body)).toBe(cellOf(last[5]));
});
