import { ClaimGroups } from './claim-groups';
import { type ClaimRequest, type ClaimSteps, isLarge, takeRandom } from './claim-steps';
import type { Assignment } from './types';
import type { RandomInteger } from './window';

/** Of so many random cells one is free with a probability of 99.9 % while a tenth of the window is free. */
const firstTries = 64;
/** And of so many with 92 % while a hundredth is. */
const secondTries = 256;

/**
 * Claims on one database: the user's present tile, or else a random free cell of the window, each with the same
 * probability, at a cost that hardly depends on the window's size. Random cells first, by each claim alone. Where none of
 * them is free the window is probably nearly full, and looking at what is free is worth it for all claims of the moment
 * together; in a window that was nearly full when somebody looked last, at once.
 */
export class Claims {
  readonly #groups: ClaimGroups;

  constructor(
    readonly steps: ClaimSteps,
    random: RandomInteger,
  ) {
    this.#groups = new ClaimGroups(steps, random);
  }

  /** @throws NoTileAvailableError */
  async claim(request: ClaimRequest): Promise<Assignment> {
    if (!this.#groups.isNearlyFull(request)) {
      const taken =
        (await takeRandom(this.steps, request, firstTries)) ??
        (isLarge(request) ? await takeRandom(this.steps, request, secondTries) : undefined);
      if (taken) return taken;
    }
    return this.#groups.claim(request);
  }
}
