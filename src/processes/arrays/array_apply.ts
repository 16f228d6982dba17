import type { Arguments, Callback } from '../../graph/types';
import { labelsOf } from '../../kernel/elements';
import { arrayItems, type Kernel } from '../../kernel/operands';
import { callEach, inlineEach } from './each-element';
import { withLabels } from './labelled';

export function run(args: Arguments): unknown {
  const labels = labelsOf(args.data);
  const results = callEach(args, args.process as Callback);
  return results instanceof Promise
    ? results.then((values) => withLabels(labels, values))
    : withLabels(labels, results);
}

export const kernel: Kernel = (args) => {
  const items = inlineEach(args, 'process');
  return items && { kind: 'array', items, labels: arrayItems(args.get('data'))?.labels };
};
