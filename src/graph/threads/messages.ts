import { deserialize, serialize } from 'node:v8';
import type { MessagePort } from 'node:worker_threads';
import type { Block, Cube, Window } from '../../raster/cube';
import type { PortablePlan } from './portable-plan';
import type { Recording } from './recorder';

/** All that another thread needs to repeat a run. */
export interface PortableRun {
  readonly id: number;
  readonly plan: PortablePlan;
  /** Values that are data; handles stay where they are. */
  readonly parameters: ReadonlyMap<string, unknown>;
  readonly recording: Recording;
  /** What the cube of the run says of itself; a repeated run must come to the same. */
  readonly signature: string;
}

export type Request =
  | {
      readonly type: 'read';
      readonly id: number;
      readonly runId: number;
      /** Only where the thread does not have it: a run, serialized by V8. */
      readonly run?: SharedArrayBuffer;
      readonly window: Window;
    }
  | { readonly type: 'abort'; readonly id: number }
  /** There is another thread, to exchange blocks with. */
  | { readonly type: 'peer'; readonly number: number; readonly port: MessagePort };

export type Answer =
  | { readonly type: 'ready' }
  | { readonly type: 'block'; readonly id: number; readonly block: Omit<Block, 'grid'> }
  /** The thread cannot do it; whoever asked does it himself and sees why. */
  | { readonly type: 'failed'; readonly id: number; readonly reason: string };

const packed = new WeakMap<PortableRun, SharedArrayBuffer>();

/** A run for all threads: what is large in it is serialized once. @throws Error for what is no data */
export function packRun(run: PortableRun): SharedArrayBuffer {
  let shared = packed.get(run);
  if (!shared) {
    const bytes = serialize(run);
    shared = new SharedArrayBuffer(bytes.length);
    new Uint8Array(shared).set(bytes);
    packed.set(run, shared);
  }
  return shared;
}

export function unpackRun(shared: SharedArrayBuffer): PortableRun {
  return deserialize(Buffer.from(new Uint8Array(shared))) as PortableRun;
}

/** What a cube says of itself, as text. */
export function signatureOf(cube: Cube): string {
  const { dimensions, grid, dataType, nodata, missing, locality, dataVersion } = cube;
  const place = grid && { ...grid, crs: grid.crs.id };
  return JSON.stringify([dimensions, place, dataType, String(nodata), missing, locality, dataVersion]);
}
