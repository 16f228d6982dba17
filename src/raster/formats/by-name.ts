/** Looks formats up by their names and aliases, in whatever case. */
export function byName<T extends { readonly name: string; readonly aliases?: readonly string[] }>(
  formats: readonly T[],
): (name: string) => T | undefined {
  const known = new Map(
    formats.flatMap((format) =>
      [format.name, ...(format.aliases ?? [])].map((name) => [name.toLowerCase(), format] as const),
    ),
  );
  return (name) => known.get(name.toLowerCase());
}
