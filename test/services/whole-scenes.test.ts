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

test('a cube whose windows need only their surroundings is passed on', async () => {
  const { cube, reads } = counted('local');
  expect(await new WholeScenes(1).of(cube, 'a', signal())).toBe(cube);
  expect(reads).toEqual([]);
});

test('a whole scene is computed once for all tiles of a key, and never kept without one', async () => {
  const { cube, reads } = counted('whole');
  const scenes = new WholeScenes(16);
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
  const scenes = new WholeScenes(16);
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
  await expect(new WholeScenes(15).of(cube, 'a', signal())).rejects.toMatchObject(refusal);
  expect(reads).toEqual([]);
  expect(() => refuseHugeScene(cube, 15)).toThrow(expect.objectContaining(refusal));
  expect(() => refuseHugeScene(cube, 16)).not.toThrow();
  expect(() => refuseHugeScene(counted('local').cube, 1)).not.toThrow();
});
