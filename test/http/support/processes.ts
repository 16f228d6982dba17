import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { packagePath } from '../../../src/base/paths';

/** Processes on values, of the packaged ones: HTTP is tested without pixels. */
const families = ['arrays', 'comparison', 'logic', 'math', 'statistics'];

/** Processes for tests alone: what the body of their `run` is. */
const own: Readonly<Record<string, string>> = {
  crash: `throw new TypeError('a bug with a secret: hunter2')`,
  // Ends by the signal only, and says so on the event bus of the test.
  wait_forever: `process.emit('tilegraph-test', 'started'); return new Promise((_, reject) =>
    context.signal.addEventListener('abort', () => {
      process.emit('tilegraph-test', 'aborted'); reject(context.signal.reason); }))`,
  whoami: 'return context.user.id',
  many_numbers: 'return Array.from({ length: 200000 }, (_, i) => i)',
};

/** A folder of descriptions and one of functions for `createRegistry`. */
export async function writeProcesses(folder: string) {
  const [specs, functions] = [join(folder, 'specs'), join(folder, 'functions')];
  await mkdir(specs, { recursive: true });
  for (const family of families) {
    const source = packagePath('src', 'processes', family);
    await mkdir(join(functions, family), { recursive: true });
    for (const file of await readdir(source)) {
      const id = basename(file, '.ts');
      if (!/^\w+$/.test(id)) continue;
      const module = `module.exports = require(${JSON.stringify(join(source, file))});`;
      await writeFile(join(functions, family, `${id}.js`), module);
      const spec = await import(packagePath('processes', `${id}.json`)).catch(() => undefined);
      if (spec) await writeFile(join(specs, `${id}.json`), JSON.stringify(spec.default));
    }
  }
  await mkdir(join(functions, 'own'), { recursive: true });
  for (const [id, body] of Object.entries(own)) {
    const spec = { id, description: `Test: ${id}.`, parameters: [], returns: { schema: {} } };
    await writeFile(join(specs, `${id}.json`), JSON.stringify(spec));
    await writeFile(join(functions, 'own', `${id}.js`), `exports.run = (args, context) => { ${body} };`);
  }
  return { specs, functions };
}
