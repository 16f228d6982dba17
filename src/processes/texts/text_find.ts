import type { Arguments } from '../../graph/types';
import { findText } from './matching';

/** Counts characters, not the UTF-16 units that some of them take two of. */
export function run(args: Arguments): number | null {
  const { data, pattern } = args as { data: string | null; pattern: string };
  if ((data ?? null) === null) return null;
  const text = data as string;
  const found = findText(text, pattern, 'anywhere', args.case_sensitive !== false);
  return found < 0 ? null : [...text.slice(0, found)].length;
}
