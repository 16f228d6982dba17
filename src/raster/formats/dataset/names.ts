/**
 * Gives out names that netCDF and Zarr take and that differ from one another: characters that are not allowed become
 * "_", and a name that is taken gets a number.
 */
export function createNames(): (wanted: string) => string {
  const taken = new Set<string>();
  return (wanted) => {
    const plain = wanted
      .normalize('NFC')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
      .replace(/[\u0000-\u001f\u007f/\\]/g, '_')
      .trim()
      .slice(0, 200);
    const base = /^[\p{L}\p{N}_]/u.test(plain) ? plain : `_${plain}`;
    let name = base;
    for (let number = 2; taken.has(name); number++) name = `${base}_${number}`;
    taken.add(name);
    return name;
  };
}
