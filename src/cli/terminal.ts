import { text } from 'node:stream/consumers';

/** A command that cannot do what was asked; the message says why. */
export class CommandError extends Error {}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The first line of standard input. @throws CommandError when there is none */
export async function readSecret(what: string): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write(`${what}: `);
  const [line] = process.stdin.isTTY ? [await firstLine()] : (await text(process.stdin)).split(/\r?\n/);
  if (!line) throw new CommandError(`No ${what.toLowerCase()} was given on standard input`);
  return line;
}

function firstLine(): Promise<string> {
  return new Promise((resolve) => {
    process.stdin.once('data', (chunk) => {
      process.stdin.pause();
      resolve(chunk.toString().split(/\r?\n/)[0]);
    });
  });
}

/** Rows under headings, in columns as wide as needed. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
