import type { Node } from '../nodes';

/** What the code depends on beside the program: how a plane's pixels are stored. */
export interface PlaneLayout {
  /** The constructor's name; code for one array type never sees another, which keeps it fast. */
  readonly array: string;
  readonly hasMask: boolean;
}

/** How an output is stored. */
export interface OutputLayout {
  /** The constructor's name. */
  readonly array: string;
  /** Whether no-data has to be written as NaN (and not through a mask). */
  readonly writesNaN: boolean;
  readonly writesMask: boolean;
}

export interface Layout {
  readonly missing: 'nan' | 'mask';
  readonly planes: readonly PlaneLayout[];
  readonly outputs: readonly OutputLayout[];
  /** What is computed in float32. */
  readonly singles: ReadonlySet<Node>;
}

/** Whether a plane can have no-data at all. */
export function mayMiss(layout: Layout, plane: number): boolean {
  return layout.planes[plane].hasMask || isNaNMissing(layout, plane);
}

/** Whether NaN in a plane is no-data. */
export function isNaNMissing(layout: Layout, plane: number): boolean {
  return layout.missing === 'nan' && layout.planes[plane].array.startsWith('Float');
}
