import { type Cube, isCube } from '../../cube';
import { checkSize, layerCount, refuseEmpty } from '../layers';
import type { EncodeRequest } from '../types';
import { unsuitable } from '../unsuitable';
import { type CubeTableOptions, tableOfCube } from './from-cube';
import { tableOfValues } from './from-values';
import type { Table } from './model';

function cubeTable(cube: Cube, request: EncodeRequest, options: CubeTableOptions): Table {
  const grid = cube.grid && (request.grid ?? cube.grid);
  refuseEmpty(cube, grid);
  checkSize(grid ?? { width: 1, height: 1 }, layerCount(cube), request.maxPixels);
  return tableOfCube(cube, grid, options);
}

/**
 * Whatever a graph returned as a table.
 * @throws OpenEOError `ProcessGraphComplexity`; ProcessException `FormatUnsuitable`, `DataCubeEmpty`
 */
export function tableOf(
  data: unknown,
  request: EncodeRequest,
  format: string,
  options: CubeTableOptions,
): Table {
  const table = isCube(data) ? cubeTable(data, request, options) : tableOfValues(data, format);
  if (table.columns.length > 0) return table;
  throw unsuitable(`${format} needs at least one value.`);
}
