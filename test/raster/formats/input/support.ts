import { Readable } from 'node:stream';
import { silentLogger } from '../../../../src/base/logger';
import { RangedSource } from '../../../../src/raster/bytes/ranged';
import { unreadable } from '../../../../src/raster/bytes/unreadable';
import { type Cube, isHorizontal } from '../../../../src/raster/cube';
import { findInputFormat } from '../../../../src/raster/formats/input/registry';
import type { InputFile, LoadRequest } from '../../../../src/raster/formats/input/types';
import { findFormat } from '../../../../src/raster/formats/registry';
import { labelsOf } from '../../../../src/raster/labelled-view';
import { isMissingAt } from '../../../../src/raster/missing-values';
import { createRasterReader } from '../../../../src/raster/reader';
import { plainHttp } from '../../../store/catalog/support';
import { bytesOf, encodeRequest } from '../support';

const { signal } = new AbortController();
const raster = createRasterReader({ http: plainHttp(), logger: silentLogger });

let count = 0;

/** A file that is nowhere but in memory. */
export function fileOf(bytes: Uint8Array, name = 'file'): InputFile {
  const id = `memory:${count++}/${name}`;
  const source = new RangedSource(id, '1', async (start, end) => ({
    size: bytes.length,
    version: '1',
    body: Readable.from([bytes.subarray(start, end + 1)]),
  }));
  return {
    name,
    href: id,
    source,
    async bytes(maxBytes) {
      if (bytes.length > maxBytes) throw unreadable(id, 'it is too large');
      return bytes;
    },
  };
}

export function loadFrom(
  format: string,
  files: readonly InputFile[],
  options: Record<string, unknown> = {},
  changes: Partial<LoadRequest> = {},
): Promise<Cube> {
  return findInputFormat(format)!.load(files, {
    options,
    process: 'load_uploaded_files',
    signal,
    maxValues: 1e7,
    raster,
    ...changes,
  });
}

/** A cube written in a format and loaded again. */
export async function roundTrip(
  format: string,
  cube: Cube,
  options: { readonly write?: Record<string, unknown>; readonly read?: Record<string, unknown> } = {},
): Promise<Cube> {
  const { body } = await findFormat(format)!.encode(cube, encodeRequest(options.write));
  return await loadFrom(format, [fileOf(await bytesOf(body))], options.read);
}

/** All that a test wants to know of a cube: its dimensions, its grid and its values, with null where missing. */
export async function contentOf(cube: Cube) {
  const block = await cube.read({ ...(cube.grid && { grid: cube.grid }) }, signal);
  const values = Array.from(block.data as ArrayLike<unknown>, (value, at) =>
    isMissingAt(block, cube.missing, at) ? null : value,
  );
  const { grid } = cube;
  return {
    dimensions: cube.dimensions.map((dimension) =>
      isHorizontal(cube, dimension)
        ? [dimension.type, dimension.name]
        : [dimension.type, dimension.name, labelsOf(cube, dimension)],
    ),
    grid: grid && {
      crs: grid.crs.id,
      place: [grid.originX, grid.originY, grid.resX, grid.resY, grid.width, grid.height],
    },
    dataType: cube.dataType,
    values,
  };
}
