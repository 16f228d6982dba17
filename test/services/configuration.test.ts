import { checkConfiguration, xyzSettings } from '../../src/services/configuration';
import { xyz } from '../../src/services/types/xyz';

function code(configuration: Record<string, unknown>): string | undefined {
  try {
    checkConfiguration(xyz, configuration);
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

test('every setting has its schema default', () => {
  const settings = xyzSettings({}) as unknown as Record<string, unknown>;
  for (const [name, schema] of Object.entries(xyz.configuration)) {
    const key = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    expect([name, settings[key]]).toEqual([name, schema.default]);
  }
});

test.each([
  [{}, undefined],
  [
    {
      tile_size: 512,
      minzoom: 3,
      maxzoom: 3,
      extent: [170, -10, -170, 10],
      scope: 'restricted',
      authorized_users: ['mia'],
    },
    undefined,
  ],
  [{ extent: null }, undefined],
  [{ tile_size: 300 }, 'ServiceConfigInvalid'],
  [{ tile_size: '256' }, 'ServiceConfigInvalid'],
  [{ minzoom: 5, maxzoom: 4 }, 'ServiceConfigInvalid'],
  [{ minzoom: 1.5 }, 'ServiceConfigInvalid'],
  [{ maxzoom: 25 }, 'ServiceConfigInvalid'],
  [{ extent: [0, 0, 1] }, 'ServiceConfigInvalid'],
  [{ extent: [0, 10, 1, 5] }, 'ServiceConfigInvalid'],
  [{ extent: [5, 0, 5, 1] }, 'ServiceConfigInvalid'],
  [{ extent: [-200, 0, 1, 1] }, 'ServiceConfigInvalid'],
  [{ scope: 'everyone' }, 'ServiceConfigInvalid'],
  [{ tilematrixset: 'constructor' }, 'ServiceConfigInvalid'],
  [{ parameters: [] }, 'ServiceConfigInvalid'],
  [{ tilesize: 256 }, 'ServiceConfigUnsupported'],
  [{ constructor: 1 }, 'ServiceConfigUnsupported'],
  [JSON.parse('{"__proto__": {"scope": "public"}}'), 'ServiceConfigUnsupported'],
])('%j gives %s', (configuration, expected) => {
  expect(code(configuration as Record<string, unknown>)).toBe(expected);
});
