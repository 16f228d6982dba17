import { Claims } from '../../../src/tiles/claim';
import { seededRandom } from '../../support/tile-stores';
import { cellsOf, key, MemorySteps, nearlyFull, outcomesOf, request } from './support';

test('claims of the same moment look together, get different cells, and take none in vain', async () => {
  const free = ['29/0', '3/4', '5/5', '6/5', '7/29', '15/16', '16/15', '0/0'];
  const { steps, claim } = nearlyFull(free);
  const outcomes = await outcomesOf(Array.from({ length: 20 }, (_, index) => claim(`u${index}`)));
  expect(outcomes.slice(0, 8).toSorted()).toEqual(free.toSorted());
  expect(outcomes.slice(8)).toEqual(Array(12).fill('NoTileAvailable'));
  expect(steps.searches).toEqual([2, 0]);
  const takes = steps.takes;
  // The window is known to be full now: looks only, one for those who came before it began, one for who came later.
  const early = [claim('late'), claim('u3')];
  await Promise.resolve();
  expect(await outcomesOf([...early, claim('later')])).toEqual([
    'NoTileAvailable',
    outcomes[3],
    'NoTileAvailable',
  ]);
  expect(steps.searches).toEqual([3, 0]);
  expect(await outcomesOf([claim('last')])).toEqual(['NoTileAvailable']);
  expect(steps.searches).toEqual([4, 0]);
  expect(steps.takes).toBe(takes);
});

test('a user who asks several times at once gets one tile', async () => {
  const { steps, claim } = nearlyFull(['1/1', '2/2', '3/3']);
  const outcomes = await outcomesOf(['a', 'a', 'b', 'a', 'b'].map(claim));
  expect(new Set(outcomes).size).toBe(2);
  expect([outcomes[1], outcomes[3], outcomes[4]]).toEqual([outcomes[0], outcomes[0], outcomes[2]]);
  expect(steps.held.size).toBe(2);
});

test('who comes too late for a cell looks again, and finds what was released meanwhile', async () => {
  const { steps, claim } = nearlyFull(['1/1']);
  const take = steps.take.bind(steps);
  steps.take = async (asked, cells) => {
    if (steps.taken.has('29/29')) {
      steps.taken.add('1/1');
      steps.taken.delete('29/29');
    }
    return take(asked, cells);
  };
  // The first look is for cells that another process takes and releases between it and the insert.
  expect((await outcomesOf([claim('a'), claim('b')])).toSorted()).toEqual(['29/29', 'NoTileAvailable']);
});

test('what fails for one claim concerns no other; a look that fails concerns all who wait for it', async () => {
  const { steps, claim } = nearlyFull(['1/1', '2/2']);
  await outcomesOf([claim('first')]);
  const { take, look } = steps;
  steps.take = async (asked, cells) => {
    if (asked.userId === 'a') throw new Error('refused');
    return take.call(steps, asked, cells);
  };
  steps.taken.delete('3/3');
  const [one, other, third] = await outcomesOf(['a', 'b', 'c'].map(claim));
  expect(one).toBe('refused');
  expect(new Set([other, third]).size).toBe(2);
  expect([...steps.held.keys()].toSorted()).toEqual(['b', 'c', 'first']);
  steps.look = async () => {
    throw new Error('away');
  };
  expect(await outcomesOf([claim('d'), claim('e')])).toEqual(['away', 'away']);
  steps.look = look;
  expect(await outcomesOf([claim('d'), claim('b')])).toEqual(['NoTileAvailable', other]);
});

test('only a search that saw everything refuses', async () => {
  const steps = new MemorySteps();
  const window = request([0, 29], [0, 29]);
  for (const cell of cellsOf(window)) steps.taken.add(key(cell));
  await expect(new Claims(steps, seededRandom(1)).claim(window)).rejects.toMatchObject({
    code: 'NoTileAvailable',
  });
  steps.taken.delete('29/0');
  expect((await new Claims(steps, seededRandom(1)).claim(window)).tile).toEqual({ z: 12, x: 29, y: 0 });
});
