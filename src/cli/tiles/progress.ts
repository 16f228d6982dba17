export interface ProgressLine {
  /** Shows a text in place of the one before; at most ten times a second, and only on a terminal. */
  show(text: string): void;
  /** Takes the line away, so that other lines can be printed. */
  clear(): void;
}

const pauseMs = 100;

/** A line at the bottom of the terminal that tells how far something is. Nothing at all where there is none. */
export function progressLine(stream: NodeJS.WriteStream = process.stderr): ProgressLine {
  let shownAt = Number.NEGATIVE_INFINITY;
  let isShown = false;
  return {
    show(text) {
      const now = performance.now();
      if (!stream.isTTY || now - shownAt < pauseMs) return;
      shownAt = now;
      isShown = true;
      // A line that is longer than the terminal would wrap, and then stay.
      stream.write(`\r\x1b[K${text.slice(0, Math.max(1, (stream.columns || 80) - 1))}`);
    },
    clear() {
      if (isShown) stream.write('\r\x1b[K');
      isShown = false;
    },
  };
}
