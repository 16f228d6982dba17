import { ProcessException } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import { elements, labelsOf } from '../../kernel/elements';
import { arrayItems, constant, constantOf, type Kernel } from '../../kernel/operands';
import { withLabels } from './labelled';

type Labels = readonly (number | string)[];

/** Labels of the longer array; undefined for an array without labels. */
function extended(labels: Labels | undefined, label: unknown): Labels | undefined {
  if (!labels) {
    if (label === null) return undefined;
    throw new ProcessException(
      'ArrayNotLabeled',
      'The array has no labels, so the new value cannot have one.',
    );
  }
  const added = (label ?? labels.length) as number | string;
  if (labels.includes(added))
    throw new ProcessException(
      'LabelExists',
      `The array has an element with the label ${JSON.stringify(added)} already.`,
    );
  return [...labels, added];
}

export function run({ data, value = null, label = null }: Arguments): unknown {
  return withLabels(extended(labelsOf(data), label), [...elements(data), value]);
}

export const kernel: Kernel = (args) => {
  const data = arrayItems(args.get('data'));
  const label = constantOf(args.get('label'), null);
  if (!data || !label) return undefined;
  const labels = extended(data.labels, label.value);
  return { kind: 'array', items: [...data.items, args.get('value') ?? constant(null)], labels };
};
