import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ids, RegistryFolders, spec } from './folders';

const folders = new RegistryFolders();

describe('built-in processes', () => {
  test('are pairs of a description and a function', async () => {
    const registry = await folders.load();
    expect(ids(registry)).toEqual(['add']);
    expect(registry.problems).toEqual([]);
  });

  test('every mismatch is reported together, and nothing starts', async () => {
    await folders.write('specs/alone.json', spec('alone'));
    await folders.write('specs/wrong.json', { ...spec('other'), parameters: 3 });
    await folders.write('specs/name.json', spec('another'));
    await folders.write('modules/math/wrong.js', 'exports.run = () => 1;');
    await folders.write('modules/math/name.js', 'exports.run = () => 1;');
    await folders.write('modules/math/lonely.js', 'exports.run = () => 1;');
    await folders.write('modules/math/crash.js', 'throw new Error("no such library");');
    await mkdir(join(folders.root, 'modules/again'));
    await folders.write('modules/again/add.js', 'exports.run = () => 1;');
    const error = await folders.load().catch((thrown) => thrown as Error);
    expect(error).toBeInstanceOf(Error);
    const { message } = error as unknown as Error;
    for (const part of [
      /alone\.json needs a function file/,
      /wrong\.json: .*parameters must be array/,
      /name\.json: its id is another/,
      /lonely\.js needs a description/,
      /crash\.js cannot be loaded: no such library/,
      /add has two functions/,
    ])
      expect(message).toMatch(part);
  });

  test('helpers stand beside functions', async () => {
    await folders.write('modules/math/big-numbers.js', 'throw new Error("not to be loaded")');
    await folders.write('modules/math/_shared.js', 'throw new Error("not to be loaded")');
    await folders.write('modules/context.js', 'throw new Error("not to be loaded")');
    await folders.write('modules/math/numbers.js', 'exports.pi = 3;');
    expect(ids(await folders.load())).toEqual(['add']);
  });
});
