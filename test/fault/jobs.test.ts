import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { packagePath } from '../../src/base/paths';
import { faultRounds } from '../support/fault-rounds';
import { type PostgresServer, startPostgres } from '../support/postgres';
import {
  builtProgram,
  eventually,
  type RunningProgram,
  type ServerProcess,
  spawnServer,
  spawnWorker,
} from '../support/process';
import { sampleCollection } from '../support/sample';

jest.setTimeout(600_000);

/** Results of one job: enough work that a kill meets it at its different stages. */
const results = 6;
const patienceMs = 120_000;
/** The short run of the suite starts few processes. */
const killsPerRound = faultRounds > 3 ? 2 : 1;

const graph = {
  load: {
    process_id: 'load_collection',
    arguments: {
      ...{ id: 'TILEGRAPH_SAMPLE', bands: ['B04', 'B08'], temporal_extent: ['2024-06-22', '2024-06-23'] },
      spatial_extent: { west: 11.3, south: 47.72, east: 11.37, north: 47.77 },
    },
  },
  ndvi: { process_id: 'ndvi', arguments: { data: { from_node: 'load' }, red: 'B04', nir: 'B08' } },
  ...Object.fromEntries(
    Array.from({ length: results }, (_, index) => [
      `save${index}`,
      {
        process_id: 'save_result',
        arguments: { data: { from_node: index % 2 ? 'ndvi' : 'load' }, format: 'GTiff' },
        ...(index === 0 && { result: true }),
      },
    ]),
  ),
};

interface Row {
  readonly status: string;
  readonly progress: number;
}

type Deployment = 'one server on SQLite' | 'workers on PostgreSQL' | 'workers of pg-boss';

/** Processes that share stores, and can be killed and started again. */
class Cluster {
  server!: ServerProcess;
  workers: RunningProgram[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), 'tilegraph-fault-jobs-'));
  postgres: PostgresServer | undefined;
  #env: Record<string, string> = {};

  constructor(readonly deployment: Deployment) {}

  async start(): Promise<void> {
    this.#env = {
      TILEGRAPH_COLLECTIONS: await sampleCollection(),
      TILEGRAPH_OBJECT_STORE_URL: pathToFileURL(join(this.folder, 'objects')).href,
      TILEGRAPH_JOB_LEASE: '1',
      TILEGRAPH_LOG_LEVEL: 'warning',
    };
    if (this.deployment !== 'one server on SQLite') {
      this.postgres = await startPostgres();
      const { url } = await this.postgres.createDatabase();
      this.#env['TILEGRAPH_STORE_URL'] = url;
      if (this.deployment === 'workers of pg-boss') this.#env['TILEGRAPH_JOBS'] = 'pg-boss';
    }
    await this.startServer();
    if (this.postgres) for (let n = 0; n < 2; n++) await this.startWorker();
  }

  get dataDir(): string {
    return join(this.folder, 'data');
  }

  async startServer(): Promise<void> {
    const isAlone = this.postgres === undefined;
    this.server = await spawnServer({
      dataDir: this.dataDir,
      env: { ...this.#env, ...(!isAlone && { TILEGRAPH_JOB_CONCURRENCY: '0' }) },
    });
  }

  async startWorker(
    more: { readonly program?: readonly string[]; readonly env?: Record<string, string> } = {},
  ) {
    const env = { ...this.#env, ...more.env };
    this.workers.push(await spawnWorker({ dataDir: this.dataDir, ...more, env }));
  }

  /** Ends one process without a word, and starts another in its place. */
  async crash(): Promise<void> {
    if (!this.postgres || Math.random() < 0.3) {
      await this.server.kill();
      await this.startServer();
    } else {
      const [worker] = this.workers.splice(Math.floor(Math.random() * this.workers.length), 1);
      await worker.kill();
      await this.startWorker();
    }
  }

  async create(): Promise<string> {
    const response = await this.server.call('POST', '/jobs', { process: { process_graph: graph } });
    expect(response.status).toBe(201);
    return response.headers.get('openeo-identifier')!;
  }

  row(id: string): Promise<Row> {
    return this.#json(`/jobs/${id}`) as Promise<Row>;
  }

  async begin(id: string): Promise<void> {
    expect((await this.server.call('POST', `/jobs/${id}/results`)).status).toBe(202);
  }

  /** Waits for the end; on the way the number may not go back. */
  async finishes(id: string): Promise<Row> {
    let progress = 0;
    return eventually(async () => {
      const row = await this.row(id);
      if (row.progress < progress) throw new Error(`Progress went from ${progress} to ${row.progress}`);
      progress = row.progress;
      expect(row.status).toBe('finished');
      return row;
    }, patienceMs);
  }

  /** Digest of each file of the results, by name. */
  async digests(id: string): Promise<Record<string, string>> {
    const { assets } = (await this.#json(`/jobs/${id}/results`)) as {
      assets: Record<string, { href: string }>;
    };
    const found: Record<string, string> = {};
    for (const [name, { href }] of Object.entries(assets)) {
      const answer = await fetch(href);
      expect([name, answer.status]).toEqual([name, 200]);
      found[name] = createHash('sha256')
        .update(Buffer.from(await answer.arrayBuffer()))
        .digest('hex');
    }
    return found;
  }

  async #json(path: string): Promise<unknown> {
    const response = await this.server.call('GET', path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  async stop(): Promise<void> {
    await Promise.all([this.server?.stop(), ...this.workers.map((worker) => worker.stop())]);
    await this.postgres?.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe.each<Deployment>(['one server on SQLite', 'workers on PostgreSQL', 'workers of pg-boss'])(
  'jobs of %s',
  (deployment) => {
    const cluster = new Cluster(deployment);
    let undisturbed: Record<string, string>;

    beforeAll(async () => {
      await cluster.start();
      const id = await cluster.create();
      await cluster.begin(id);
      await cluster.finishes(id);
      undisturbed = await cluster.digests(id);
      expect(Object.keys(undisturbed)).toHaveLength(results);
    });
    afterAll(() => cluster.stop());

    test.each(Array.from({ length: faultRounds }, (_, index) => index + 1))(
      'end finished although processes are killed at random moments, with the files of an undisturbed run (%i)',
      async () => {
        const id = await cluster.create();
        await cluster.begin(id);
        for (let kills = 0; kills < killsPerRound; kills++) {
          await delay(Math.random() * 1000);
          await cluster.crash();
        }
        await cluster.finishes(id);
        expect(await cluster.digests(id)).toEqual(undisturbed);
      },
    );

    test('leave nothing behind that is not theirs, wherever they are canceled', async () => {
      const id = await cluster.create();
      for (let round = 0; round < faultRounds; round++) {
        await cluster.begin(id);
        await delay((round / faultRounds) * 1000 + Math.random() * 300);
        expect((await cluster.server.call('DELETE', `/jobs/${id}/results`)).status).toBe(204);
        const { status } = await cluster.row(id);
        expect(['created', 'canceled', 'finished']).toContain(status);
        // What it has made so far is whole.
        if (status !== 'created') expect(undisturbed).toMatchObject(await cluster.digests(id));
      }
      await cluster.begin(id);
      await cluster.finishes(id);
      expect(await cluster.digests(id)).toEqual(undisturbed);
    });

    if (deployment === 'one server on SQLite') return;

    test('outlive a restart of the database', async () => {
      const id = await cluster.create();
      await cluster.begin(id);
      await eventually(async () => expect((await cluster.row(id)).status).not.toBe('queued'), patienceMs);
      await cluster.postgres!.stop();
      await delay(1500);
      await cluster.postgres!.restart();
      await cluster.finishes(id);
      expect(await cluster.digests(id)).toEqual(undisturbed);
    });

    test('do not care for clocks that jump by an hour, forth and back', async () => {
      for (const worker of cluster.workers.splice(0)) await worker.stop();
      const program = ['--require', packagePath('test/support/children/clock-jump.cjs'), builtProgram()];
      for (const jumpMs of [3_600_000, -3_600_000])
        await cluster.startWorker({ program, env: { CLOCK_JUMP_MS: String(jumpMs) } });
      const id = await cluster.create();
      await cluster.begin(id);
      for (let jumps = 0; jumps < 4; jumps++) {
        await delay(200);
        cluster.workers[jumps % 2].signal('SIGUSR2');
      }
      await cluster.finishes(id);
      expect(await cluster.digests(id)).toEqual(undisturbed);
    });
  },
);
