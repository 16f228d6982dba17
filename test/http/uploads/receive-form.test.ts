import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeAbandonedForms } from '../../../src/http/uploads/receive-form';

test('what a killed server left is removed a day later, what others are at stays', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tilegraph-forms-'));
  try {
    for (const name of ['old', 'young']) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'file'), 'half');
    }
    const longAgo = new Date(Date.now() - 25 * 60 * 60 * 1000);
    utimesSync(join(folder, 'old'), longAgo, longAgo);
    await removeAbandonedForms(folder);
    expect(readdirSync(folder)).toEqual(['young']);
    await removeAbandonedForms(join(folder, 'missing'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
