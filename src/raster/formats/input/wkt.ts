import type { Geometry } from '../../vector/geometry';

const names = ['Point', 'LineString', 'Polygon', 'MultiPoint', 'MultiLineString', 'MultiPolygon'] as const;

/** How deep the lists of a geometry are nested; 0 is a position. */
const depths: Readonly<Record<(typeof names)[number], number>> = {
  Point: 0,
  LineString: 1,
  MultiPoint: 1,
  Polygon: 2,
  MultiLineString: 2,
  MultiPolygon: 3,
};

type Nested = number[] | Nested[];

/** Reads nested lists of positions: `((1 2, 3 4), (5 6))`. */
class Reader {
  #at = 0;
  readonly #tokens: readonly string[];

  constructor(text: string) {
    this.#tokens = text.match(/[(),]|[^\s(),]+/g) ?? [];
  }

  get isAtEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  #is(token: string): boolean {
    if (this.#tokens[this.#at]?.toUpperCase() !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#is(token)) throw new SyntaxError(`"${token}" is expected`);
  }

  #position(): number[] {
    const numbers: number[] = [];
    while (!this.isAtEnd && !/^[(),]$/.test(this.#tokens[this.#at]))
      numbers.push(Number(this.#tokens[this.#at++]));
    if (numbers.length < 2 || !numbers.every(Number.isFinite))
      throw new SyntaxError('a position has two numbers');
    return numbers;
  }

  list(depth: number): Nested {
    if (this.#is('EMPTY')) return [];
    if (depth === 0) {
      // Positions of a MultiPoint may have parentheses of their own.
      if (!this.#is('(')) return this.#position();
      const position = this.#position();
      this.#expect(')');
      return position;
    }
    this.#expect('(');
    const items: Nested[] = [];
    do items.push(this.list(depth - 1));
    while (this.#is(','));
    this.#expect(')');
    return items;
  }
}

/** The geometry of a well-known text; null for an empty collection, undefined for what is none. */
export function fromWkt(text: string): Geometry | null | undefined {
  const match = /^\s*([A-Za-z]+)(?:\s+(?:Z|M|ZM)(?=[\s(]))?\s*(\(.*|EMPTY\s*)$/is.exec(text);
  if (!match) return undefined;
  if (/^geometrycollection$/i.test(match[1])) return /^EMPTY/i.test(match[2]) ? null : undefined;
  const type = names.find((name) => name.toUpperCase() === match[1].toUpperCase());
  if (!type) return undefined;
  const reader = new Reader(match[2]);
  try {
    const coordinates = reader.list(depths[type]);
    return reader.isAtEnd ? ({ type, coordinates } as unknown as Geometry) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
