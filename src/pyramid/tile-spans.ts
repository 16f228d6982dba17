/** Columns from the first to the last one, both included; none where the last one comes first. */
export type Span = readonly [first: number, last: number];

/** Tiles of one zoom, as columns of each row. */
export class TileSpans {
  readonly #rows = new Map<number, Span[]>();
  #count = 0;
  #size = 0;

  /** @param columns those that count; others are left out */
  constructor(private readonly columns: Span) {}

  /** Known after `close`. */
  get count(): number {
    return this.#count;
  }

  /** Spans that were added and count. */
  get size(): number {
    return this.#size;
  }

  add(row: number, [first, last]: Span): void {
    const span: Span = [Math.max(first, this.columns[0]), Math.min(last, this.columns[1])];
    if (span[0] > span[1]) return;
    this.#size++;
    const spans = this.#rows.get(row);
    const previous = spans?.at(-1);
    // Edges come in order, so that most of them lie where the one before does.
    if (previous && previous[0] <= span[0] && span[1] <= previous[1]) return;
    if (spans) spans.push(span);
    else this.#rows.set(row, [span]);
  }

  /** Puts together what overlaps. Nothing is added afterwards. */
  close(): void {
    for (const [row, spans] of this.#rows) {
      spans.sort((one, other) => one[0] - other[0]);
      const apart: [number, number][] = [];
      for (const [first, last] of spans) {
        const before = apart.at(-1);
        if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last);
        else apart.push([first, last]);
      }
      this.#rows.set(row, apart);
      for (const [first, last] of apart) this.#count += last - first + 1;
    }
  }

  /** After `close`. */
  has(column: number, row: number): boolean {
    const spans = this.#rows.get(row);
    if (!spans) return false;
    let low = 0;
    let high = spans.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const [first, last] = spans[middle];
      if (column < first) high = middle - 1;
      else if (column > last) low = middle + 1;
      else return true;
    }
    return false;
  }
}
