/** `+proj=laea +lat_0=51` as a map, under one of the two names that the scale factor has; empty for what is no proj string. */
export function projParameters(definition: string): ReadonlyMap<string, string> {
  if (!/^\s*\+proj=/.test(definition)) return new Map();
  return new Map(
    [...definition.matchAll(/\+(\w+)(?:=(\S+))?/g)].map(([, name, value]) => [
      name === 'k_0' ? 'k' : name,
      value ?? '',
    ]),
  );
}
