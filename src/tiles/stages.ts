import type { AssignmentStage } from './types';

/** Stages in which somebody holds the tile; a free tile has no row. */
export type HeldStage = Exclude<AssignmentStage, 'released'>;

/** What ends or changes a held tile's stage. */
export type Transition = 'release' | 'submit' | 'force-release';

interface Rule {
  /** In any other stage the tile counts as locked. */
  readonly from: readonly HeldStage[];
  readonly to: HeldStage | 'free';
}

/** The only moves there are, beside the claim that takes a free tile to `claimed`. */
export const transitions: Readonly<Record<Transition, Rule>> = {
  release: { from: ['claimed'], to: 'free' },
  submit: { from: ['claimed'], to: 'submitted' },
  'force-release': { from: ['claimed', 'submitted'], to: 'free' },
};
