import type { Output } from './warp/patch';

/** A plane of the same size without any pixel. */
export function emptyLike(out: Output): Output {
  return {
    data: new (out.data.constructor as Float32ArrayConstructor)(out.data.length).fill(Number.NaN),
    ...(out.valid && { valid: new Uint8Array(out.valid.length) }),
    width: out.width,
  };
}

/** Whether no pixel is missing. */
export function isFull({ data, valid }: Output): boolean {
  if (valid) return !valid.includes(0);
  for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i])) return false;
  return true;
}

/** Puts pixels below those that are there. */
export function underlay(out: Output, below: Output): void {
  const { data, valid } = out;
  for (let i = 0; i < data.length; i++) {
    if (valid ? valid[i] === 1 : !Number.isNaN(data[i])) continue;
    data[i] = below.data[i];
    if (valid && below.valid) valid[i] = below.valid[i];
  }
}
