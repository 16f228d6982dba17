import type { CloudCover } from './clouds';
import type { crops } from './land-cover';

/** How far a crop is: leaves and straw (the rest is soil), and yellow blossom, each 0 … 1. */
export interface Growth {
  readonly leaf: number;
  readonly straw: number;
  readonly bloom: number;
}

/** What a date looks like. */
export interface Season {
  readonly datetime: string;
  /** Degrees from the vertical. */
  readonly sunZenith: number;
  /** Metres above the sea from which snow lies. */
  readonly snowLine: number;
  readonly broadleaf: number;
  /** How much leaves have turned. */
  readonly autumn: number;
  readonly meadow: number;
  readonly crops: Readonly<Record<(typeof crops)[number], Growth>>;
  readonly clouds?: CloudCover;
  /** True where the satellite's swath ends within the picture. */
  readonly isCut?: boolean;
}

const grow = (leaf: number, straw = 0, bloom = 0): Growth => ({ leaf, straw, bloom });

/** The pictures of the sample, one a season and two in summer. */
export const seasons: readonly Season[] = [
  {
    datetime: '2024-03-14T10:10:31Z',
    sunZenith: 50,
    snowLine: 1120,
    broadleaf: 0.12,
    autumn: 0,
    meadow: 0.5,
    crops: {
      wheat: grow(0.55),
      maize: grow(0.03, 0.2),
      rapeseed: grow(0.65),
      grass: grow(0.6),
      beet: grow(0.05),
      barley: grow(0.62),
    },
  },
  {
    datetime: '2024-05-08T10:10:31Z',
    sunZenith: 32,
    snowLine: 1720,
    broadleaf: 0.85,
    autumn: 0,
    meadow: 0.95,
    crops: {
      wheat: grow(0.97),
      maize: grow(0.08),
      rapeseed: grow(0.9, 0, 0.85),
      grass: grow(0.95),
      beet: grow(0.22),
      barley: grow(0.95),
    },
    clouds: { seed: 301, threshold: 0.28, scale: 0.011 },
  },
  {
    datetime: '2024-06-22T10:10:31Z',
    sunZenith: 26,
    snowLine: 9000,
    broadleaf: 1,
    autumn: 0,
    meadow: 0.95,
    crops: {
      wheat: grow(0.6, 0.35),
      maize: grow(0.55),
      rapeseed: grow(0.6, 0.3),
      grass: grow(0.82),
      beet: grow(0.8),
      barley: grow(0.15, 0.8),
    },
  },
  {
    datetime: '2024-08-06T10:10:31Z',
    sunZenith: 33,
    snowLine: 9000,
    broadleaf: 0.95,
    autumn: 0.05,
    meadow: 0.75,
    crops: {
      wheat: grow(0.04, 0.6),
      maize: grow(0.98),
      rapeseed: grow(0.06, 0.4),
      grass: grow(0.75),
      beet: grow(0.95),
      barley: grow(0.12, 0.25),
    },
    clouds: { seed: 415, threshold: 0.5, scale: 0.017 },
  },
  {
    datetime: '2024-10-10T10:10:31Z',
    sunZenith: 54,
    snowLine: 1950,
    broadleaf: 0.7,
    autumn: 0.8,
    meadow: 0.7,
    crops: {
      wheat: grow(0.12),
      maize: grow(0.25, 0.6),
      rapeseed: grow(0.45),
      grass: grow(0.75),
      beet: grow(0.55, 0.1),
      barley: grow(0.2),
    },
    isCut: true,
  },
];
