import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { packagePath } from '../src/base/paths';

/** The rooms of `src/` in building order, and what each may import beside itself: rooms, single files, and with `*` types alone. */
const rooms: Record<string, string[]> = {
  base: [],
  config: ['base'],
  geo: ['base'],
  raster: ['base', 'geo'],
  store: ['base', 'geo', 'tiles'],
  graph: ['base', 'geo', 'raster'],
  kernel: ['base', 'raster', 'graph'],
  tiles: ['base', 'geo', 'store*'],
  sample: ['base', 'geo', 'raster'],
  udf: ['base', 'geo*', 'raster', 'graph/types'],
  processes: [
    'base',
    'geo',
    'raster',
    'kernel',
    'udf',
    'graph/types',
    'graph*',
    'tiles*',
    'pyramid*',
    'store*',
  ],
  services: ['base', 'geo', 'raster', 'store', 'graph', 'kernel', 'tiles', 'processes*', 'auth*'],
  auth: ['base', 'store*', 'config*'],
  pyramid: ['base', 'geo', 'raster', 'store'],
  jobs: [
    'base',
    'geo',
    'raster',
    'store',
    'graph',
    'kernel',
    'tiles',
    'services',
    'pyramid',
    'auth*',
    'processes*',
    'config*',
  ],
  http: [
    'base',
    'geo',
    'raster',
    'store',
    'graph',
    'kernel',
    'tiles',
    'services',
    'pyramid',
    'jobs',
    'auth',
    'processes*',
    'udf*',
    'config*',
  ],
  cli: ['base', 'config', 'sample', 'store', 'tiles', 'tile-client', 'app'],
};

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

interface Arrow {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** The imported file below `src/`, without its ending. */
  readonly path: string;
  readonly isType: boolean;
}

function arrows(): Arrow[] {
  const root = packagePath('src');
  return sources(root).flatMap((file) => {
    const from = relative(root, file).split(sep)[0].replace(/\.ts$/, '');
    const imports = readFileSync(file, 'utf8').matchAll(
      /^(?:import|export)\s+(type\s)?[^;]*?from\s+'(\.[^']+)'/gms,
    );
    return [...imports].flatMap(([, isType, target]) => {
      const path = relative(root, resolve(dirname(file), target));
      if (path.startsWith('..')) return [];
      return [
        { file: relative(root, file), from, to: path.split(sep)[0], path, isType: isType !== undefined },
      ];
    });
  });
}

test('a room imports only the rooms below it', () => {
  const wrong = arrows().filter(({ from, to, path, isType }) => {
    if (from === to || from === 'app' || from === 'worker' || from === 'tile-client') return false;
    const allowed = rooms[from];
    return !(allowed?.includes(to) || allowed?.includes(path) || (isType && allowed?.includes(`${to}*`)));
  });
  expect(wrong.map(({ file, to }) => `${file} imports ${to}`)).toEqual([]);
});

test('the arrows are really found', () => {
  expect(arrows().some(({ from, to }) => from === 'graph' && to === 'base')).toBe(true);
});

test('ARCHITECTURE.md lists all rooms, each below those that it imports', () => {
  const table = readFileSync(packagePath('ARCHITECTURE.md'), 'utf8').matchAll(/^\| `(\w+)\/` \|/gm);
  const order = [...table].map(([, room]) => room);
  expect(order.toSorted()).toEqual(Object.keys(rooms).toSorted());
  const upwards = Object.entries(rooms).flatMap(([room, imported]) =>
    imported
      .filter((other) => order.includes(other) && order.indexOf(other) > order.indexOf(room))
      .map((other) => `${room} imports ${other}`),
  );
  expect(upwards).toEqual([]);
});
