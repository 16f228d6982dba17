const beyondAscii = /[\u0080-\u{10ffff}]/u;
const folded = new Map<string, string>();

/**
 * A text in which characters are equal that differ in case alone, by Unicode's simple case folding (as regular expressions
 * without case have it). It keeps the number of characters, which lower-casing a text does not.
 */
export function foldCase(text: string): string {
  return beyondAscii.test(text) ? text.replace(/[^ -@]/gu, foldCharacter) : text.toLowerCase();
}

function foldCharacter(character: string): string {
  let found = folded.get(character);
  if (found === undefined) {
    // The dotless i is the one letter whose capital is that of another letter.
    found = character === '\u0131' ? character : inCase(inCase(character, 'toUpperCase'), 'toLowerCase');
    folded.set(character, found);
  }
  return found;
}

/** The other case where that is one character as well. */
function inCase(character: string, change: 'toUpperCase' | 'toLowerCase'): string {
  const changed = character[change]();
  return changed.length === character.length ? changed : character;
}
