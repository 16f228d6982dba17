import { OpenEOError } from '../../src/base/errors';
import { webMercator } from '../../src/geo/crs';
import { type Cube, deriveCube } from '../../src/raster/cube';
import { memoryCube } from '../../src/raster/memory-cube';
import { refuseHugeScene, WholeScenes } from '../../src/services/whole-scenes';

const grid = { crs: webMercator, originX: 0, originY: 40, resX: 10, resY: 10, width: 4, height: 4 };
const signal = () => AbortSignal.timeout(10_000);

/** A cube that counts how often it is computed, and waits for `released` where that is given. */
function counted(locality: Cube['locality'], released?: Promise<void>) {
  const scene = memoryCube({
    dimensions: [
      { type: 'spatial', name: 'y', axis: 'y' },
      { type: 'spatial', name: 'x', axis: 'x' },
    ],
    grid,
    data: Float32Array.from({ length: 16 }, (_, index) => index),
  });
  const reads: AbortSignal[] = [];
  const cube = deriveCube(scene, {
    locality,
    async read(window, readSignal) {
      reads.push(readSignal);
      await released;
      readSignal.throwIfAborted();
      return scene.read(window, readSignal);
    },
  });
  return { cube, reads };
}

function scenesOf(maxPixels: number, seconds = 60): WholeScenes {
  return new WholeScenes({ maxPixels, seconds, stopped: new AbortController().signal });
}

test('a cube whose windows need only their surroundings is passed on', async () => {
  const { cube, reads } = counted('local');
  expect(await scenesOf(1).of(cube, 'a', signal())).toBe(cube);
  expect(reads).toEqual([]);
});

test('a whole scene is computed once for all tiles of a key, and never kept without one', async () => {
  const { cube, reads } = counted('whole');
  const scenes = scenesOf(16);
  const [one, other] = await Promise.all([scenes.of(cube, 'a', signal()), scenes.of(cube, 'a', signal())]);
  expect(await scenes.of(cube, 'a', signal())).toBe(one);
  expect(other).toBe(one);
  expect(reads).toHaveLength(1);
  const part = { ...grid, originX: 20, width: 2, height: 1 };
  expect([...((await one.read({ grid: part }, signal())).data as Float32Array)]).toEqual([2, 3]);
  await scenes.of(cube, 'b', signal());
  await scenes.of(cube, undefined, signal());
  await scenes.of(cube, undefined, signal());
  expect(reads).toHaveLength(4);
});

test('who leaves does not stop the scene of the others; when all have left it stops and is not kept', async () => {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { cube, reads } = counted('whole', released);
  const scenes = scenesOf(16);
  const first = new AbortController();
  const one = scenes.of(cube, 'a', first.signal);
  const other = scenes.of(cube, 'a', signal());
  first.abort(new Error('left'));
  await expect(one).rejects.toThrow('left');
  expect(reads[0].aborted).toBe(false);
  release();
  await other;

  const alone = new AbortController();
  const slow = counted('whole', new Promise(() => {}));
  const leaving = scenes.of(slow.cube, 'b', alone.signal);
  alone.abort(new Error('left'));
  await expect(leaving).rejects.toThrow('left');
  expect(slow.reads[0].aborted).toBe(true);
  await scenes.of(cube, 'b', signal());
  expect(reads).toHaveLength(2);
});

test('a scene over the limit is refused', async () => {
  const { cube, reads } = counted('whole');
  const refusal = { code: 'ProcessGraphComplexity', message: expect.stringContaining('16') };
  await expect(scenesOf(15).of(cube, 'a', signal())).rejects.toMatchObject(refusal);
  expect(reads).toEqual([]);
  expect(() => refuseHugeScene(cube, 15)).toThrow(expect.objectContaining(refusal));
  expect(() => refuseHugeScene(cube, 16)).not.toThrow();
  expect(() => refuseHugeScene(counted('local').cube, 1)).not.toThrow();
});

describe('a scene that takes longer than a request', () => {
  const timeout = () => new OpenEOError('RequestTimeout', { seconds: 1 });

  test('is computed on, and later requests find it', async () => {
    const released = Promise.withResolvers<void>();
    const { cube, reads } = counted('whole', released.promise);
    const scenes = scenesOf(16);
    const first = new AbortController();
    const tooLate = scenes.of(cube, 'a', first.signal);
    first.abort(timeout());
    await expect(tooLate).rejects.toMatchObject({ code: 'RequestTimeout' });
    expect(reads[0].aborted).toBe(false);
    const second = scenes.of(cube, 'a', signal());
    released.resolve();
    const scene = await second;
    expect(await scenes.of(cube, 'a', signal())).toBe(scene);
    expect(reads).toHaveLength(1);
  });

  test('goes on beside one other that nobody waits for; a third one stops', async () => {
    const scenes = scenesOf(16);
    const all = ['a', 'b', 'c'].map((key) => {
      const { cube, reads } = counted('whole', new Promise(() => {}));
      const controller = new AbortController();
      return { reads, controller, answer: scenes.of(cube, key, controller.signal) };
    });
    for (const { controller, answer } of all) {
      controller.abort(timeout());
      await expect(answer).rejects.toMatchObject({ code: 'RequestTimeout' });
    }
    expect(all.map(({ reads }) => reads[0].aborted)).toEqual([false, false, true]);
  });

  test('is given up in the end, and then refused at once', async () => {
    const scenes = scenesOf(16, 0.002);
    const never = new Promise<void>(() => {});
    const { cube, reads } = counted('whole', never);
    const patient = deriveCube(cube, {
      read: (window, readSignal) =>
        new Promise((_, reject) => {
          cube.read(window, readSignal).catch(reject);
          readSignal.addEventListener('abort', () => reject(readSignal.reason));
        }),
    });
    const refusal = { code: 'ProcessGraphComplexity', message: expect.stringContaining('seconds') };
    await expect(scenes.of(patient, 'a', signal())).rejects.toMatchObject(refusal);
    await expect(scenes.of(patient, 'a', signal())).rejects.toMatchObject(refusal);
    expect(reads).toHaveLength(1);
  });
});
