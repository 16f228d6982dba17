import fc from 'fast-check';
import { OpenEOError } from '../../../src/base/errors';
import type { Assignment, CellRange } from '../../../src/tiles/types';
import {
  contradictions,
  dialects,
  noContradictions,
  type TestTileStore,
  testTileStore,
} from '../../support/tile-stores';

type Action = 'claim' | 'release' | 'submit' | 'forceRelease' | 'update';

interface Step {
  readonly action: Action;
  readonly user: string;
  readonly xRange: CellRange;
  readonly yRange: CellRange;
}

/** The rules in memory: who holds which cell in which stage. */
class Model {
  readonly held = new Map<string, { cell: string; stage: string; data?: unknown }>();

  /** What the store must answer: a code, or the stage of the tile, which must be free where it is new. */
  expect({ action, user, xRange, yRange }: Step): string {
    const own = this.held.get(user);
    if (action === 'claim') {
      if (own) return own.stage;
      const taken = new Set([...this.held.values()].map(({ cell }) => cell));
      for (let x = xRange[0]; x <= xRange[1]; x++)
        for (let y = yRange[0]; y <= yRange[1]; y++) if (!taken.has(`${x}/${y}`)) return 'claimed';
      return 'NoTileAvailable';
    }
    if (!own) return 'TileNotAssigned';
    if (action === 'update') return own.stage;
    if (action === 'forceRelease') return 'released';
    if (own.stage === 'submitted') return 'TileAlreadyLocked';
    return action === 'submit' ? 'submitted' : 'released';
  }

  apply({ user, xRange, yRange }: Step, { tile, stage, data }: Assignment): void {
    const cell = `${tile.x}/${tile.y}`;
    const own = this.held.get(user);
    if (own) expect(own.cell).toBe(cell);
    else {
      expect([...this.held.values()].some((other) => other.cell === cell)).toBe(false);
      expect(tile.x >= xRange[0] && tile.x <= xRange[1]).toBe(true);
      expect(tile.y >= yRange[0] && tile.y <= yRange[1]).toBe(true);
    }
    if (stage === 'released') this.held.delete(user);
    else this.held.set(user, { cell, stage, data });
  }
}

const range = fc
  .tuple(fc.integer({ min: 5, max: 10 }), fc.integer({ min: 0, max: 4 }))
  .map(([first, length]): CellRange => [first, first + length]);
const steps = fc.array(
  fc.record<Step>({
    action: fc.constantFrom('claim', 'claim', 'claim', 'release', 'submit', 'forceRelease', 'update'),
    user: fc.constantFrom(...'abcdefgh'),
    xRange: range,
    yRange: range,
  }),
  { maxLength: 40 },
);

describe.each(dialects)('a store on %s', (dialect) => {
  let fixture: TestTileStore;
  let runs = 0;
  beforeAll(async () => {
    fixture = await testTileStore(dialect);
  });
  afterAll(() => fixture.close());

  async function play(
    serviceId: string,
    { action, user, xRange, yRange }: Step,
  ): Promise<Assignment | string> {
    const { assignments } = fixture.store;
    try {
      if (action === 'claim')
        return await assignments.claim({
          ...{ serviceId, userId: user, actorId: user, zoom: 4, xRange, yRange },
        });
      if (action === 'update') return await assignments.update(serviceId, user, user, { by: user });
      return await assignments[action](serviceId, user, user);
    } catch (error) {
      if (error instanceof OpenEOError) return error.code;
      throw error;
    }
  }

  test('does what the rules say, whatever comes in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const serviceId = `run${++runs}`;
        const model = new Model();
        for (const step of sequence) {
          const expected = model.expect(step);
          const outcome = await play(serviceId, step);
          expect(typeof outcome === 'string' ? outcome : outcome.stage).toBe(expected);
          if (typeof outcome !== 'string') model.apply(step, outcome);
        }
        const list = await fixture.store.assignments.list(serviceId);
        const shown = list.map(({ userId, tile, stage, data }) => [
          userId,
          { cell: `${tile.x}/${tile.y}`, stage, data },
        ]);
        expect(new Map(shown as [string, object][])).toEqual(model.held);
      }),
      { numRuns: 25 },
    );
    expect(await contradictions(fixture)).toEqual(noContradictions);
  });
});
