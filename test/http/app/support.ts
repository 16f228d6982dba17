import type { Route } from '../../../src/http/route';
import { type Harness, startHarness } from '../support/harness';

/** Routes that show what handlers see, and that fail in all ways. */
export const routes: Route[] = [
  {
    method: 'GET',
    path: '/test/{name}',
    access: 'optional',
    isListed: false,
    handle(req, res) {
      res.json({ ...req.params, user: req.context.user?.id ?? null });
    },
  },
  {
    method: 'POST',
    path: '/test/{name}',
    access: 'public',
    body: 'json',
    handle: (req, res) => void res.json(req.body),
  },
  {
    method: 'GET',
    path: '/fail/{how}',
    access: 'public',
    isListed: false,
    async handle(req, res) {
      const { how } = req.params;
      res.setHeader('ETag', '"x"');
      if (how === 'late') {
        res.setHeader('Content-Length', '100');
        res.write('some');
      }
      if (how === 'nothing') throw undefined;
      throw new Error(`postgres://user:${how}@host failed`);
    },
  },
  {
    method: 'GET',
    path: '/at-root/{rest*}',
    base: 'root',
    access: 'public',
    handle: (req, res) => void res.json(req.params),
  },
];

/** What {@link openApp} hands to tests; all but the log is there once tests run. */
export class AppWorld {
  harness!: Harness;
  /** The header `Authorization` of alice. */
  token!: string;
  /** Lines of the log since the test began. */
  readonly log: string[] = [];

  readonly lines = () => this.log.map((line) => JSON.parse(line));
}

/** A listening application with {@link routes}, from before a file's tests until after them. */
export function openApp(): AppWorld {
  const app = new AppWorld();
  beforeAll(async () => {
    app.harness = await startHarness({
      routes,
      log: app.log,
      settings: { limits: { pixels: 1, seconds: 5, bodyBytes: 1000 } },
    });
    app.token = await app.harness.login('alice');
    app.log.splice(0);
  });
  afterAll(() => app.harness.stop());
  afterEach(() => app.log.splice(0));
  return app;
}
