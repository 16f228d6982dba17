/** What a text's own search takes for so many comparisons is nothing to speak of. */
const maxComparisons = 10_000_000;

/**
 * The first place of a pattern in a text, or -1: as `String.indexOf`, whose time can grow with the product of both
 * lengths. The time of this one grows with their sum (Knuth, Morris and Pratt).
 */
export function indexOf(text: string, pattern: string): number {
  if (text.length * pattern.length <= maxComparisons) return text.indexOf(pattern);
  const borders = bordersOf(pattern);
  let matched = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    while (matched > 0 && pattern.charCodeAt(matched) !== code) matched = borders[matched - 1];
    if (pattern.charCodeAt(matched) === code) matched++;
    if (matched === pattern.length) return at - matched + 1;
  }
  return -1;
}

/** For each beginning of a text, the length of the longest shorter beginning that is also its end. */
function bordersOf(text: string): Int32Array {
  const borders = new Int32Array(text.length);
  let length = 0;
  for (let at = 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    while (length > 0 && text.charCodeAt(length) !== code) length = borders[length - 1];
    if (text.charCodeAt(length) === code) length++;
    borders[at] = length;
  }
  return borders;
}
