import type { ErrorCode, ErrorDetails } from '../../../../base/errors';
import type { Cube, NumericArray } from '../../../cube';

/** What a thread is started with that loads files. */
export interface ThreadTask {
  readonly format: string;
  readonly files: readonly { readonly name: string; readonly href: string; readonly bytes: Uint8Array }[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly process: string;
  readonly maxValues: number;
}

/** A cube without its labels, features and plain values, which follow in pieces. */
export interface CubeHead
  extends Pick<Cube, 'dimensions' | 'grid' | 'dataType' | 'nodata' | 'missing' | 'dataVersion'> {
  readonly shape: readonly number[];
  /** Absent for plain values. */
  readonly data?: NumericArray;
  readonly valid?: Uint8Array;
}

/** Where a piece belongs: labels or features of a dimension, or plain values. */
export type Place = { readonly dimension: number; readonly list: 'labels' | 'features' } | 'values';

/** Every answer waits for a sign that the next is wanted, so that the main thread serves others in between. */
export type ThreadAnswer =
  /** More memory is needed before it goes on. */
  | { readonly kind: 'claim'; readonly bytes: number }
  | { readonly kind: 'head'; readonly head: CubeHead }
  | { readonly kind: 'piece'; readonly place: Place; readonly items: readonly unknown[] }
  | { readonly kind: 'end' }
  | {
      readonly kind: 'error';
      readonly message: string;
      /** Of errors that clients see. */
      readonly code?: ErrorCode;
      readonly details?: ErrorDetails;
      /** Of exceptions of processes. */
      readonly exception?: string;
    };
