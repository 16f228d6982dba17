import { sampleCollection } from '../../support/sample';
import { startServer, type TestServer } from '../../support/server';

export const five = { constant: { process_id: 'constant', arguments: { x: 5 }, result: true } };

/** What {@link openServices} hands to tests; the server and its tokens are there once tests run. */
export class ServicesWorld {
  server!: TestServer;
  mia!: string;
  tom!: string;

  /** Calls the API, as mia where no other token is given. */
  readonly call = (method: string, path: string, body?: unknown, token: string | null = this.mia) =>
    this.server.call(method, path, body, token);

  /** Resolves to the id of a new service of mia. */
  readonly create = async (
    process_graph: object,
    configuration: object = {},
    more: object = {},
  ): Promise<string> => {
    const response = await this.call('POST', '/services', {
      type: 'xyz',
      process: { process_graph, ...more },
      configuration,
    });
    expect([response.status, response.status === 201 || (await response.json())]).toEqual([201, true]);
    return response.headers.get('openeo-identifier')!;
  };

  readonly tile = (
    id: string,
    path: string,
    token: string | null = this.mia,
    init: RequestInit = {},
  ): Promise<Response> => {
    const headers = {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(init.headers as Record<string, string>),
    };
    return fetch(`${this.server.api}/services/xyz/${id}/tiles/${path}`, { ...init, headers });
  };

  /** A tile in the middle of the sample, by its TileJSON. */
  readonly middle = async (id: string, zoom = 12): Promise<string> => {
    const document = (await (await this.call('GET', `/services/xyz/${id}/tilejson.json`)).json()) as {
      bounds: number[];
    };
    const [west, south, east, north] = document.bounds;
    const n = 2 ** zoom;
    const latitude = (((south + north) / 2) * Math.PI) / 180;
    const x = Math.floor((((west + east) / 2 + 180) / 360) * n);
    const y = Math.floor(((1 - Math.asinh(Math.tan(latitude)) / Math.PI) / 2) * n);
    return `${zoom}/${x}/${y}`;
  };
}

/** A server with the sample collection and two users, from before a file's tests until after them. */
export function openServices(): ServicesWorld {
  const world = new ServicesWorld();
  beforeAll(async () => {
    world.server = await startServer({ collections: [await sampleCollection()] });
    world.mia = await world.server.user('mia');
    world.tom = await world.server.user('tom');
  });
  afterAll(() => world.server.stop());
  return world;
}
