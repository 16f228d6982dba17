import type { Arguments } from '../../graph/types';
import { elements } from '../../kernel/elements';

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return String(value ?? null).toLowerCase();
}

export function run({ data, separator = '' }: Arguments): string {
  return elements(data).map(textOf).join(textOf(separator));
}
