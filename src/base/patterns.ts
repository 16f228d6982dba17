/**
 * Regular expressions that users write. A matcher that goes back may try every way in which a text can be divided
 * among the parts of a pattern, so what that costs is estimated from the pattern beforehand, and bounds the text.
 */
export interface PatternCost {
  /** In how many ways its optional and alternative parts can be combined. */
  readonly choices: number;
  /** Parts that take any number of characters. */
  readonly unbounded: number;
}

const maxPatternLength = 1000;
const maxChoices = 1024;
const maxUnbounded = 2;
/** `{2,40}` counts as 39 ways, `{2,400}` as without a bound. */
const maxSpan = 64;

/** Steps of the matcher for one text: some milliseconds where they grow faster than the text. */
const maxSteps = 1e6;
const maxLinearSteps = 1e8;

/** Digits that end at a letter, as those of durations do, leave nothing to try. */
const endingDigits = /\\d[+*]\)*(?=[A-Za-z]|\(?\[[A-Z])/g;
const endless: PatternCost = { choices: Number.POSITIVE_INFINITY, unbounded: 0 };
const single: PatternCost = { choices: 1, unbounded: 0 };

/** @throws SyntaxError for what is no regular expression; Error for one that could take too long to match */
export function assertHarmlessPattern(pattern: unknown): void {
  if (typeof pattern !== 'string') throw new Error('a pattern must be a string');
  if (pattern.length <= maxPatternLength) {
    new RegExp(pattern);
    const { choices, unbounded } = patternCost(pattern);
    if (choices <= maxChoices && unbounded <= maxUnbounded) return;
  }
  throw new Error(
    `the pattern ${JSON.stringify(pattern.slice(0, 80))} can take too long to match; simplify it`,
  );
}

/** The longest text that a pattern is tried on. */
export function longestText(pattern: string): number {
  const { choices, unbounded } = patternCost(pattern);
  // Without an anchor every position is tried.
  const exponent = unbounded + (pattern.startsWith('^') ? 0 : 1);
  return exponent < 2 ? maxLinearSteps / choices : (maxSteps / choices) ** (1 / exponent);
}

/** @param pattern a valid regular expression without flags */
export function patternCost(pattern: string): PatternCost {
  return new CostReader(pattern.replace(endingDigits, '\\d')).alternatives();
}

class CostReader {
  #at = 0;

  constructor(readonly text: string) {}

  /** Up to the end, or to the bracket that ends a group. */
  alternatives(): PatternCost {
    let all = this.#sequence();
    while (this.text[this.#at] === '|') {
      this.#at++;
      const other = this.#sequence();
      all = {
        choices: all.choices + other.choices,
        unbounded: Math.max(all.unbounded, other.unbounded),
      };
    }
    return all;
  }

  #sequence(): PatternCost {
    let [choices, unbounded] = [1, 0];
    while (this.#at < this.text.length && !'|)'.includes(this.text[this.#at])) {
      const part = this.#quantified(this.#atom());
      choices *= part.choices;
      unbounded += part.unbounded;
    }
    return { choices, unbounded };
  }

  #atom(): PatternCost {
    const character = this.text[this.#at++];
    if (character === '\\') {
      const escaped = this.text[this.#at++];
      // References to groups match what cannot be foreseen.
      return escaped === 'k' || /[1-9]/.test(escaped) ? endless : single;
    }
    if (character === '[') {
      while (this.#at < this.text.length && this.text[this.#at] !== ']')
        this.#at += this.text[this.#at] === '\\' ? 2 : 1;
      this.#at++;
    }
    if (character !== '(') return single;
    const [opening] = /^(?:\?(?:[:=!]|<[=!]|<[^>]*>))?/.exec(this.text.slice(this.#at)) as RegExpExecArray;
    this.#at += opening.length;
    const group = this.alternatives();
    this.#at++;
    return group;
  }

  #quantified(atom: PatternCost): PatternCost {
    const quantifier = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(this.text.slice(this.#at, this.#at + 40));
    if (!quantifier) return atom;
    const [all, sign, from, comma, to] = quantifier;
    this.#at += all.length;
    const least = sign === undefined ? Number(from) : 0;
    const most = sign === '?' ? 1 : comma === '' ? least : to ? Number(to) : Number.POSITIVE_INFINITY;
    const isFixed = atom.choices === 1 && atom.unbounded === 0;
    if (most - least > maxSpan) return isFixed ? { choices: 1, unbounded: 1 } : endless;
    let choices = 0;
    for (let count = least; count <= most; count++) choices += atom.choices ** count;
    return { choices, unbounded: atom.unbounded * most };
  }
}
