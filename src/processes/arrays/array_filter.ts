import type { Arguments, Callback } from '../../graph/types';
import { elements, labelsOf } from '../../kernel/elements';
import { arrayItems, type Kernel } from '../../kernel/operands';
import { callEach, inlineEach } from './each-element';
import { withLabels } from './labelled';

function kept<T>(items: readonly T[], verdicts: readonly unknown[]): T[] {
  return items.filter((_, index) => verdicts[index] === true);
}

export function run(args: Arguments): unknown {
  const values = elements(args.data);
  const labels = labelsOf(args.data);
  const finish = (verdicts: readonly unknown[]) =>
    withLabels(labels && kept(labels, verdicts), kept(values, verdicts));
  const verdicts = callEach(args, args.condition as Callback);
  return verdicts instanceof Promise ? verdicts.then(finish) : finish(verdicts);
}

/** Only where index and label decide: otherwise the length of the result differs from pixel to pixel. */
export const kernel: Kernel = (args) => {
  const data = arrayItems(args.get('data'));
  const results = inlineEach(args, 'condition');
  if (!data || !results) return undefined;
  const verdicts: unknown[] = [];
  for (const result of results) {
    // What is no truth value is an error, which the general path throws.
    if (result.kind !== 'constant' || (result.value !== null && typeof result.value !== 'boolean'))
      return undefined;
    verdicts.push(result.value);
  }
  return {
    kind: 'array',
    items: kept(data.items, verdicts),
    labels: data.labels && kept(data.labels, verdicts),
  };
};
