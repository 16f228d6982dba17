import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packagePath } from '../../src/base/paths';
import { adminPassword } from '../support/api';
import { spawnServer } from '../support/process';
import { sampleCollection } from '../support/sample';
import { describeWith, pythonWith } from '../support/tools';

const python = pythonWith('openeo', 'rasterio', 'numpy');
const script = packagePath('test', 'e2e', 'python-client.py');
/** The functions that the script runs, by their names. */
const steps = [...readFileSync(script, 'utf8').matchAll(/^@step\ndef (\w+)\(/gm)].map(([, name]) => name);

describeWith(python, 'Python with openeo, rasterio and numpy', 'the Python client', () => {
  const errors = new Map<string, string | null>();

  beforeAll(async () => {
    const collection = await sampleCollection();
    const server = await spawnServer({ env: { TILEGRAPH_COLLECTIONS: collection } });
    const folder = mkdtempSync(join(tmpdir(), 'tilegraph-python-client-'));
    try {
      const { stdout } = await promisify(execFile)(
        python!,
        [script, server.url, adminPassword, collection, folder],
        // It keeps files of its own in the home folder.
        { env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder } },
      );
      for (const line of stdout.trim().split('\n')) {
        const { step, error } = JSON.parse(line) as { step: string; error: string | null };
        errors.set(step, error);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
      await server.stop();
    }
  });

  test.each(steps)('%s', (step) => {
    expect(errors.has(step)).toBe(true);
    expect(errors.get(step)).toBeNull();
  });
});
