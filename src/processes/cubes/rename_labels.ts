import { ProcessException } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import { type Cube, deriveCube } from '../../raster/cube';
import { replaceDimension } from '../../raster/select-labels';
import { requireDimension, withLabelsOn } from './cube-dimensions';

type Label = number | string;

function renamed(labels: readonly unknown[], source: readonly Label[], target: readonly Label[]): unknown[] {
  if (source.length === 0) {
    if (!labels.every((label, index) => label === index))
      throw new ProcessException(
        'LabelsNotEnumerated',
        'The labels are not 0, 1, 2, …; say in "source" which ones to rename.',
      );
    if (target.length > labels.length)
      throw new ProcessException(
        'LabelMismatch',
        `There are ${labels.length} labels, but ${target.length} names for them.`,
      );
    return labels.map((label, index) => target[index] ?? label);
  }
  if (source.length !== target.length)
    throw new ProcessException(
      'LabelMismatch',
      `${source.length} labels cannot be renamed to ${target.length}; "source" and "target" must be of equal length.`,
    );
  const result = [...labels];
  // Backwards, so that of equal labels the first one counts.
  const positions = new Map(labels.map((label, index) => [label, index] as const).reverse());
  source.forEach((label, index) => {
    const position = positions.get(label);
    if (position === undefined)
      throw new ProcessException(
        'LabelNotAvailable',
        `The dimension has no label ${JSON.stringify(label)}; its labels are: ${labels.join(', ')}.`,
      );
    result[position] = target[index];
  });
  return result;
}

/** Metadata only: values and their order stay. */
export function run(args: Arguments): Cube {
  const name = args.dimension as string;
  const target = args.target as readonly Label[];
  requireDimension(args.data as Cube, name);
  const cube = withLabelsOn(args.data as Cube, name);
  const dimension = requireDimension(cube, name);
  const labels = dimension.labels ?? [];
  const result = renamed(labels, args.source as readonly Label[], target);
  const present = new Set(labels);
  const existing = target.find((label) => present.has(label));
  if (existing !== undefined)
    throw new ProcessException(
      'LabelExists',
      `The dimension has a label ${JSON.stringify(existing)} already.`,
    );
  const changed =
    dimension.type === 'bands'
      ? {
          ...dimension,
          labels: result as Label[],
          bands: dimension.bands?.map((band, index) => ({ ...band, name: String(result[index]) })),
        }
      : ({ ...dimension, labels: result } as typeof dimension);
  return deriveCube(cube, { dimensions: replaceDimension(cube, name, changed) });
}
