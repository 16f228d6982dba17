import { execFileSync, spawnSync } from 'node:child_process';

/** The interpreter that has rasterio: the distribution's. */
const interpreter = '/usr/bin/python3';

/** True where Python with numpy and rasterio is installed; without it the comparisons are skipped. */
export const hasRasterio =
  spawnSync(interpreter, ['-c', 'import numpy, rasterio'], { stdio: 'ignore' }).status === 0;

/** `describe`, or where rasterio is missing a skipped group whose name says why. */
export function describeWithRasterio(name: string, body: () => void): void {
  if (hasRasterio) describe(name, body);
  else describe.skip(`${name} (skipped: python3 with numpy and rasterio is not installed)`, body);
}

/** Runs a Python program; `input` arrives as `data`, what it passes to `answer()` comes back. */
export function python<T>(program: string, input: unknown = null): T {
  const prelude = [
    'import json, sys, warnings',
    'warnings.simplefilter("ignore")',
    'import numpy as np, rasterio',
    'data = json.load(sys.stdin)',
    'def answer(value): sys.stdout.write(json.dumps(value))',
    '',
  ].join('\n');
  const output = execFileSync(interpreter, ['-c', prelude + program], {
    input: JSON.stringify(input),
    maxBuffer: 1 << 28,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return JSON.parse(output.toString() || 'null') as T;
}
