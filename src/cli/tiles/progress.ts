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

export interface ProgressBar {
  /** @param share from 0 to 1 */
  show(share: number, text: string): void;
  clear(): void;
}

const barWidth = 24;
/** Where nobody watches a terminal, a line in the log from time to time is enough. */
const plainPauseMs = 10_000;

/** A bar with the share that is done, the rest of the time, and a text; plain lines where there is no terminal. */
export function progressBar(stream: NodeJS.WriteStream = process.stderr): ProgressBar {
  const line = progressLine(stream);
  const startedAt = performance.now();
  let plainAt = startedAt;
  return {
    show(share, text) {
      const now = performance.now();
      const percent = `${Math.floor(100 * Math.min(1, share))}%`;
      if (stream.isTTY) {
        const filled = Math.round(barWidth * Math.min(1, share));
        const left = share > 0 ? ((now - startedAt) / share) * (1 - share) : Number.NaN;
        const rest = Number.isFinite(left) && left > 1000 ? `, ${formatDuration(left)} left` : '';
        line.show(
          `[${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}] ${percent.padStart(4)}  ${text}${rest}`,
        );
      } else if (now - plainAt >= plainPauseMs) {
        plainAt = now;
        stream.write(`${percent}  ${text}\n`);
      }
    },
    clear: () => line.clear(),
  };
}

function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes === 0) return `${seconds} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
