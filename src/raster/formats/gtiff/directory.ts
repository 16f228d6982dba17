/** One TIFF field; `type` is TIFF's number: 2 text, 3 short, 4 long, 12 double, 16 long8. */
export interface Field {
  readonly tag: number;
  readonly type: 2 | 3 | 4 | 12 | 16;
  readonly values: ArrayLike<number> | string;
}

const sizes = { 2: 1, 3: 2, 4: 4, 12: 8, 16: 8 } as const;

function countOf(field: Field): number {
  return typeof field.values === 'string' ? Buffer.byteLength(field.values) + 1 : field.values.length;
}

/** Bytes that a directory takes, its outsourced values included. */
export function directorySize(fields: readonly Field[], isBig: boolean): number {
  const inline = isBig ? 8 : 4;
  let size = isBig ? 16 + fields.length * 20 : 6 + fields.length * 12;
  for (const field of fields) {
    const bytes = countOf(field) * sizes[field.type];
    if (bytes > inline) size += bytes + (bytes & 1);
  }
  return size + (size & 1);
}

function writeValues(out: Buffer, position: number, field: Field): void {
  const { values, type } = field;
  if (typeof values === 'string') {
    out.write(`${values}\0`, position, 'utf8');
    return;
  }
  for (let i = 0; i < values.length; i++) {
    const at = position + i * sizes[type];
    if (type === 3) out.writeUInt16LE(values[i], at);
    else if (type === 4) out.writeUInt32LE(values[i], at);
    else if (type === 12) out.writeDoubleLE(values[i], at);
    else out.writeBigUInt64LE(BigInt(values[i]), at);
  }
}

/** Writes a directory that starts at `start` of the file. @param next where the following one starts, 0: none */
export function writeDirectory(
  fields: readonly Field[],
  start: number,
  next: number,
  isBig: boolean,
): Buffer {
  const inline = isBig ? 8 : 4;
  const out = Buffer.alloc(directorySize(fields, isBig));
  const offset = (value: number, at: number) =>
    isBig ? out.writeBigUInt64LE(BigInt(value), at) : out.writeUInt32LE(value, at);
  let position = isBig ? 8 : 2;
  if (isBig) out.writeBigUInt64LE(BigInt(fields.length), 0);
  else out.writeUInt16LE(fields.length, 0);
  let outside = position + fields.length * (isBig ? 20 : 12) + inline;
  for (const field of [...fields].sort((a, b) => a.tag - b.tag)) {
    const count = countOf(field);
    const bytes = count * sizes[field.type];
    out.writeUInt16LE(field.tag, position);
    out.writeUInt16LE(field.type, position + 2);
    offset(count, position + 4);
    const slot = position + 4 + inline;
    if (bytes <= inline) writeValues(out, slot, field);
    else {
      offset(start + outside, slot);
      writeValues(out, outside, field);
      outside += bytes + (bytes & 1);
    }
    position = slot + inline;
  }
  offset(next, position);
  return out;
}
