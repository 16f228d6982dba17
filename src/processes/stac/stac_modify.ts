import type { Arguments } from '../../graph/types';

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A JSON Merge Patch (RFC 7386): objects are merged, null removes, all else replaces. */
function merge(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result = new Map<string, unknown>(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch))
    if (value === null) result.delete(key);
    else result.set(key, merge(result.get(key), value));
  // Entries instead of assignments: a key such as __proto__ stays a key.
  return Object.fromEntries(result);
}

export function run(args: Arguments): unknown {
  return merge(args.data, args.changes);
}
