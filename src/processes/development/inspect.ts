import type { LogLevel } from '../../base/logger';
import type { Arguments } from '../../graph/types';
import type { ProcessContext } from '../context';
import { summaryOf } from './summary';

/** So many entries of one run; callbacks over pixels would fill any log. */
const maxEntries = 1000;
const written = new WeakMap<ProcessContext, number>();

export function run(args: Arguments, context: ProcessContext): unknown {
  const { data = null, level = 'info' } = args;
  const [message, code] = [args.message ?? '', args.code ?? 'User'].map((text) => summaryOf(text) as string);
  const count = written.get(context) ?? 0;
  if (count > maxEntries) return data;
  written.set(context, count + 1);
  if (count === maxEntries)
    context.logger.warning(`Only the first ${maxEntries} entries of "inspect" are logged`, { code });
  else context.logger[level as LogLevel](message, { code, data: summaryOf(data) });
  return data;
}
