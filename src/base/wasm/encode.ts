/** Putting WebAssembly modules together byte by byte (WebAssembly core specification 2.0, chapter 5). */

export const valueTypes = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;

/** What every module begins with: its magic number and the version of the format. */
export const preamble = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00] as const;

/** A number from 0 to 2^32 - 1 in LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return bytes;
}

/** A number from -2^31 to 2^31 - 1 in LEB128. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; ) {
    const byte = rest & 0x7f;
    rest >>= 7;
    const isLast = (rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0);
    bytes.push(isLast ? byte : byte | 0x80);
    if (isLast) return bytes;
  }
}

/** How many there are, then one after the other. */
export function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

export function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

export function name(text: string): number[] {
  const bytes = [...Buffer.from(text)];
  return [...unsigned(bytes.length), ...bytes];
}

/** A function's code as a module has it. */
export function body(
  locals: readonly (readonly [count: number, type: number])[],
  code: readonly number[],
): number[] {
  const content = [...vector(locals.map(([count, type]) => [...unsigned(count), type])), ...code, 0x0b];
  return [...unsigned(content.length), ...content];
}

/** An export: 0 a function, 2 a memory. */
export function exported(text: string, kind: 0 | 2, index: number): number[] {
  return [...name(text), kind, index];
}

/** The type of a function of so many 32-bit numbers, without a result. */
export function procedureType(parameters: number): number[] {
  return [0x60, ...unsigned(parameters), ...new Array<number>(parameters).fill(valueTypes.i32), 0];
}
