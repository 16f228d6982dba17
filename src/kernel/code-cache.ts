/** Compiled code by its text, least recently used first. Equal code, whatever its constants, compiles once. */
export class CodeCache<T> {
  readonly #compiled = new Map<string, T>();
  #characters = 0;

  /** @param maxCharacters of all texts together. */
  constructor(
    readonly maxEntries = 1_000,
    readonly maxCharacters = 16 * 1024 * 1024,
  ) {}

  get size(): number {
    return this.#compiled.size;
  }

  compile(text: string, build: () => T): T {
    const known = this.#compiled.get(text);
    if (known !== undefined) {
      this.#compiled.delete(text);
      this.#compiled.set(text, known);
      return known;
    }
    const compiled = build();
    this.#compiled.set(text, compiled);
    this.#characters += text.length;
    for (const oldest of this.#compiled.keys()) {
      if (this.#compiled.size <= this.maxEntries && this.#characters <= this.maxCharacters) break;
      this.#compiled.delete(oldest);
      this.#characters -= oldest.length;
    }
    return compiled;
  }
}
