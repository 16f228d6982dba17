import { until } from '../../../jobs/support/world';
import { sampleCollection } from '../../../support/sample';
import { startServer, type TestServer } from '../../../support/server';

export type Json = Record<string, unknown>;

export interface Link {
  readonly rel: string;
  readonly href: string;
}

/** What all STAC documents of results have. */
export interface Documents {
  readonly assets: Record<string, Json & { readonly href: string }>;
  readonly links: readonly Link[];
}

const load = {
  process_id: 'load_collection',
  arguments: {
    ...{ id: 'TILEGRAPH_SAMPLE', bands: ['B04', 'B08'], temporal_extent: ['2024-06-22', '2024-06-23'] },
    spatial_extent: { west: 11.34, south: 47.74, east: 11.344, north: 47.7427 },
  },
};

const save = (from_node: string, format: string, more: Json = {}) => ({
  process_id: 'save_result',
  arguments: { data: { from_node }, format },
  ...more,
});

/** Two files: the bands as GTiff, their index as PNG. */
export const twoFiles = {
  load,
  ndvi: { process_id: 'ndvi', arguments: { data: { from_node: 'load' }, red: 'B04', nir: 'B08' } },
  bands: save('load', 'GTiff'),
  index: save('ndvi', 'PNG', { result: true }),
};

export const constant = (x: unknown) => ({ c: { process_id: 'constant', arguments: { x }, result: true } });

/** A graph that is right until it runs. */
export const failing = {
  load: {
    process_id: 'load_stac',
    arguments: { url: 'https://not-allowed.example/item.json' },
    result: true,
  },
};

/** A server with the sample collection and two users, and what their clients do with batch jobs. */
export class JobsApi {
  private constructor(
    readonly server: TestServer,
    readonly ann: string,
    readonly bob: string,
  ) {}

  static async open(settings: Json = {}): Promise<JobsApi> {
    const server = await startServer({ collections: [await sampleCollection()], ...settings });
    return new JobsApi(server, await server.user('ann'), await server.user('bob'));
  }

  /** As Ann, unless told otherwise. */
  call(method: string, path: string, body?: unknown, token: string | null = this.ann): Promise<Response> {
    return this.server.call(method, path, body, token);
  }

  async json(method: string, path: string, body?: unknown, token?: string | null): Promise<Json> {
    return (await (await this.call(method, path, body, token)).json()) as Json;
  }

  /** Status and code of an answer that refuses. */
  async refusal(method: string, path: string, body?: unknown, token?: string | null) {
    const response = await this.call(method, path, body, token);
    return [response.status, ((await response.json()) as Json)['code']];
  }

  async create(process_graph: Json, more: Json = {}): Promise<string> {
    const response = await this.call('POST', '/jobs', { process: { process_graph }, ...more });
    expect([response.status, await response.text()]).toEqual([201, '']);
    const id = response.headers.get('openeo-identifier')!;
    expect(response.headers.get('location')).toBe(`${this.server.api}/jobs/${id}`);
    return id;
  }

  /** Waits for the end of a job. */
  ends(id: string): Promise<string> {
    return until('the job ends', async () => {
      const { status } = await this.json('GET', `/jobs/${id}`);
      return status === 'finished' || status === 'error' ? (status as string) : undefined;
    });
  }

  /** Makes a job and runs it to its end. */
  async run(graph: Json, more: Json = {}): Promise<string> {
    const id = await this.create(graph, more);
    expect((await this.call('POST', `/jobs/${id}/results`)).status).toBe(202);
    await this.ends(id);
    return id;
  }
}
