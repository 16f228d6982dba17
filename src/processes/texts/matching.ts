import type { Arguments } from '../../graph/types';
import { foldCase } from './fold-case';
import { indexOf } from './index-of';

/** Where the pattern has to lie in the text. */
type Place = 'anywhere' | 'start' | 'end' | 'whole';

/** The first match in UTF-16 units, or -1. Without case, characters compare by {@link foldCase}. */
export function findText(text: string, pattern: string, place: Place, isCaseSensitive: boolean): number {
  if (!isCaseSensitive) return findText(foldCase(text), foldCase(pattern), place, true);
  if (place === 'whole') return text === pattern ? 0 : -1;
  if (place === 'start') return text.startsWith(pattern) ? 0 : -1;
  if (place === 'end') return text.endsWith(pattern) ? text.length - pattern.length : -1;
  return indexOf(text, pattern);
}

/** `text_begins`, `text_contains` and `text_ends`. */
export function matching(place: Place) {
  return (args: Arguments): boolean | null => {
    const { data, pattern } = args as { data: string | null; pattern: string };
    if ((data ?? null) === null) return null;
    return findText(data as string, pattern, place, args.case_sensitive !== false) >= 0;
  };
}
