import { UsageError } from '../arguments';

const units: readonly [string, number][] = [
  ['TiB', 1024 ** 4],
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
];

/** `12.3 MiB`. */
export function formatBytes(bytes: number): string {
  const [unit, size] = units.find(([, each]) => bytes >= each) ?? ['bytes', 1];
  return size === 1 ? `${bytes} ${unit}` : `${(bytes / size).toFixed(1)} ${unit}`;
}

/** Reads `500MiB`, `2GB` or plain bytes; `none` is no limit. @throws UsageError */
export function parseBudget(text: string): number | null {
  if (text === 'none') return null;
  const [, digits, letter = '', isBinary] = /^\s*(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?)b)?\s*$/i.exec(text) ?? [];
  if (digits === undefined)
    throw new UsageError(`"${text}" is no number of bytes such as 2GiB, and not none.`);
  const power = ['', 'k', 'm', 'g', 't'].indexOf(letter.toLowerCase());
  return Math.floor(Number(digits) * (isBinary ? 1024 : 1000) ** power);
}
