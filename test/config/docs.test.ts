import { readFileSync } from 'node:fs';
import schema from '../../schemas/config.json';
import { packagePath } from '../../src/base/paths';
import { options } from '../../src/config/options';

test('the reference lists every setting as the schema describes it', () => {
  const rows = readFileSync(packagePath('docs', 'configuration.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `') && line.includes('| `--'));
  const documented = rows.map((row) => row.split('|').map((cell) => cell.trim()));
  expect(documented.map(([, variable, flag]) => [variable, flag])).toEqual(
    options.map(({ variable, flag }) => [`\`${variable}\``, `\`${flag}\``]),
  );
  documented.forEach(([, , , fallback, meaning, key], index) => {
    const property = Object.values(schema.properties)[index] as { default?: unknown; description: string };
    expect(meaning).toContain(property.description);
    expect(key).toBe(`\`${options[index].key}\``);
    const value = property.default;
    const isShown = value !== undefined && !(Array.isArray(value) && value.length === 0);
    expect(fallback).toBe(isShown ? `\`${value}\`` : '');
  });
});
