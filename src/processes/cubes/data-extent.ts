import { subGrid } from '../../geo/grid';
import { type Cube, layerDimensions } from '../../raster/cube';
import { labelCount, product } from '../../raster/layers';
import { isMissingAt } from '../../raster/missing-values';
import { scanValues } from '../../raster/row-chunks';

/** Where a cube has data: 1 for each label, column and row with any value that is not missing. */
export interface DataExtent {
  /** One array for each dimension of layers. */
  readonly layers: readonly Uint8Array[];
  readonly columns?: Uint8Array;
  readonly rows?: Uint8Array;
}

/** Reads the whole cube at its native resolution, one strip of rows after the other. */
export async function findData(cube: Cube, signal: AbortSignal): Promise<DataExtent> {
  const { grid } = cube;
  const lengths = layerDimensions(cube).map(labelCount);
  const layers = lengths.map((length) => new Uint8Array(length));
  const columns = grid && new Uint8Array(grid.width);
  const rows = grid && new Uint8Array(grid.height);
  const count = product(lengths);
  const [width, height] = grid ? [grid.width, grid.height] : [1, 1];
  if (count === 0 || width === 0 || height === 0) return { layers, columns, rows };
  const strip = Math.max(1, Math.floor(scanValues / (count * width)));
  const index = lengths.map(() => 0);
  for (let top = 0; top < height; top += strip) {
    const tall = Math.min(strip, height - top);
    const part = grid && subGrid(grid, 0, top, width, tall);
    const block = await cube.read(part ? { grid: part } : {}, signal);
    signal.throwIfAborted();
    index.fill(0);
    for (let layer = 0; layer < count; layer++) {
      let hasAny = false;
      for (let row = 0; row < tall; row++) {
        const start = (layer * tall + row) * width;
        let hasRow = false;
        for (let column = 0; column < width; column++) {
          if (isMissingAt(block, cube.missing, start + column)) continue;
          hasRow = true;
          if (columns) columns[column] = 1;
        }
        if (!hasRow) continue;
        hasAny = true;
        if (rows) rows[top + row] = 1;
      }
      if (hasAny) for (let axis = 0; axis < index.length; axis++) layers[axis][index[axis]] = 1;
      for (let axis = index.length - 1; axis >= 0 && ++index[axis] === lengths[axis]; axis--) index[axis] = 0;
    }
  }
  return { layers, columns, rows };
}
