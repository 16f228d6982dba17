/** A JSON object whose fields are not checked yet. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field of a STAC document that can't be used; the message names it. */
export class FieldError extends Error {
  override readonly name = 'FieldError';

  constructor(
    readonly field: string,
    reason: string,
  ) {
    super(`${field} ${reason}`);
  }
}

/** An own field, never one of the prototype. */
export function field(object: unknown, name: string): unknown {
  return isFields(object) && Object.hasOwn(object, name) ? object[name] : undefined;
}

/** One object, so that what is remembered for it is found again. */
const none: Fields = Object.freeze({});

export function fieldsOf(object: unknown, name: string): Fields {
  const value = field(object, name);
  return isFields(value) ? value : none;
}

export function listOf(object: unknown, name: string): readonly Fields[] {
  const value = field(object, name);
  return Array.isArray(value) ? value.map((entry) => (isFields(entry) ? entry : {})) : [];
}

export function textOf(object: unknown, ...names: string[]): string | undefined {
  for (const name of names) {
    const value = field(object, name);
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

/** A number; also the texts `nan`, `inf` and `-inf` that STAC writes for what JSON has no numbers for. */
export function numberOf(object: unknown, ...names: string[]): number | undefined {
  for (const name of names) {
    const value = field(object, name);
    if (typeof value === 'number') return value;
    if (typeof value !== 'string') continue;
    const text = value.toLowerCase();
    if (text === 'nan') return Number.NaN;
    if (text === 'inf') return Number.POSITIVE_INFINITY;
    if (text === '-inf') return Number.NEGATIVE_INFINITY;
  }
  return undefined;
}

/** A list of finite numbers. */
export function numbersOf(object: unknown, name: string): readonly number[] | undefined {
  const value = field(object, name);
  return Array.isArray(value) && value.length > 0 && value.every((entry) => Number.isFinite(entry))
    ? value
    : undefined;
}

/** A link of a STAC document. */
export interface StacLink {
  readonly rel: string;
  readonly href: string;
}

/** Links with a usable rel and href. */
export function linksOf(document: Fields): readonly StacLink[] {
  return listOf(document, 'links').flatMap((link) => {
    const rel = textOf(link, 'rel');
    const href = textOf(link, 'href');
    return rel && href ? [{ rel, href }] : [];
  });
}
