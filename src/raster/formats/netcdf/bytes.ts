/** "Nowhere" as an address in an HDF5 file. */
export const undefinedAddress = 0xffffffffffffffffn;

/** Little-endian numbers one after another. */
export class Bytes {
  readonly #parts: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  raw(bytes: Uint8Array): this {
    this.#parts.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    this.#length += bytes.byteLength;
    return this;
  }

  u8(...values: readonly number[]): this {
    return this.raw(Uint8Array.from(values));
  }

  u16(...values: readonly number[]): this {
    return this.#numbers(values, 2, (buffer, value, at) => buffer.writeUInt16LE(value, at));
  }

  u32(...values: readonly number[]): this {
    return this.#numbers(values, 4, (buffer, value, at) => buffer.writeUInt32LE(value, at));
  }

  /** Addresses and lengths. */
  u64(...values: readonly (number | bigint)[]): this {
    return this.#numbers(values, 8, (buffer, value, at) => buffer.writeBigUInt64LE(BigInt(value), at));
  }

  zeros(count: number): this {
    return this.raw(Buffer.alloc(count));
  }

  /** Zeros until the length is a multiple of 8. */
  pad8(): this {
    return this.zeros((8 - (this.#length % 8)) % 8);
  }

  done(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #numbers<T>(
    values: readonly T[],
    size: number,
    write: (buffer: Buffer, value: T, at: number) => void,
  ): this {
    const buffer = Buffer.alloc(values.length * size);
    values.forEach((value, index) => {
      write(buffer, value, index * size);
    });
    return this.raw(buffer);
  }
}
