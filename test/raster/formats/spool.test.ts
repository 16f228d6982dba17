import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { type Cube, defineCube } from '../../../src/raster/cube';
import { findFormat } from '../../../src/raster/formats/registry';
import { bodyOf, Spool } from '../../../src/raster/formats/spool';
import { describeWith } from '../../support/tools';
import { encodeRequest, functionCube, utmGrid } from './support';

const proc = '/proc/self/fd';

/** Temporary files of ours that are open; they have no name any more. */
function openSpools(): string[] {
  return readdirSync(proc).flatMap((fd) => {
    try {
      const target = readlinkSync(`${proc}/${fd}`);
      return /tilegraph-[0-9a-f-]{36} \(deleted\)$/.test(target) ? [target] : [];
    } catch {
      return [];
    }
  });
}

async function closed(): Promise<void> {
  while (openSpools().length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** 16 MB of pixels that nothing makes smaller, made fast. */
const grid = utmGrid(1450, 1400);
const template = functionCube({ grid: utmGrid(1, 1), bands: ['v'], dataType: 'float64', value: () => 0 });
const noise = Float64Array.from({ length: 1 << 16 }, (_, index) => Math.sin(index * 78.233) * 43758.5453);

function noiseCube(onRead: () => void): Cube {
  return defineCube({
    ...template,
    grid,
    async read(window) {
      onRead();
      const { width, height } = window.grid!;
      const data = new Float64Array(width * height);
      for (let at = 0; at < data.length; at += noise.length)
        data.set(noise.subarray(0, Math.min(noise.length, data.length - at)), at);
      return { grid: window.grid, shape: [1, height, width], data };
    },
  });
}

describeWith(existsSync(proc), proc, 'temporary files', () => {
  test('end with the stream that is read from them, read or not', async () => {
    for (const isRead of [true, false]) {
      const spool = new Spool(1000);
      for (let i = 0; i < 10; i++) await spool.append(Buffer.alloc(500, i));
      const body = (await bodyOf(spool.read(), [spool])) as Readable;
      expect(openSpools()).toHaveLength(1);
      if (isRead) {
        let length = 0;
        for await (const part of body) length += part.length;
        expect(length).toBe(5000);
      } else body.destroy();
      await closed();
    }
  });

  test.each(['GTiff', 'netCDF', 'Zarr', 'CSV', 'Parquet'])(
    '%s leaves none behind when it breaks or is aborted',
    async (name) => {
      const format = findFormat(name)!;
      const options = name === 'CSV' ? {} : { compression: 'none' };
      expect(format.isStreamed).toBe(true);
      for (const kind of ['broken', 'aborted'] as const) {
        const stop = new AbortController();
        let sawFile = false;
        const cube = noiseCube(() => {
          sawFile ||= openSpools().length > 0;
          if (sawFile && kind === 'broken') throw new Error('broken');
          if (sawFile) stop.abort(new Error('aborted'));
        });
        await expect(format.encode(cube, encodeRequest(options, { signal: stop.signal }))).rejects.toThrow(
          kind,
        );
        expect(sawFile).toBe(true);
        await closed();
      }
    },
  );
});
