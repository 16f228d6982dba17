import type { Arguments } from '../../graph/types';

/** Where the pattern has to lie in the text. */
type Place = 'anywhere' | 'start' | 'end' | 'whole';

const special = /[\^$\\.*+?()[\]{}|/]/g;

/**
 * The first match in UTF-16 units, or -1. Regular expressions without case compare by Unicode's simple case
 * folding, which keeps the number of characters, as lower-casing a text does not.
 */
export function findText(text: string, pattern: string, place: Place, isCaseSensitive: boolean): number {
  if (isCaseSensitive) {
    if (place === 'whole') return text === pattern ? 0 : -1;
    if (place === 'start') return text.startsWith(pattern) ? 0 : -1;
    if (place === 'end') return text.endsWith(pattern) ? text.length - pattern.length : -1;
    return text.indexOf(pattern);
  }
  const literal = pattern.replace(special, '\\$&');
  const before = place === 'start' || place === 'whole' ? '^' : '';
  const after = place === 'end' || place === 'whole' ? '$' : '';
  return text.search(new RegExp(`${before}${literal}${after}`, 'iu'));
}

/** `text_begins`, `text_contains` and `text_ends`. */
export function matching(place: Place) {
  return (args: Arguments): boolean | null => {
    const { data, pattern } = args as { data: string | null; pattern: string };
    if ((data ?? null) === null) return null;
    return findText(data as string, pattern, place, args.case_sensitive !== false) >= 0;
  };
}
