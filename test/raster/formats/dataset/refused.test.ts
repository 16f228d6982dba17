import { defineCube } from '../../../../src/raster/cube';
import { netcdf } from '../../../../src/raster/formats/netcdf';
import { zarr } from '../../../../src/raster/formats/zarr';
import { memoryCube } from '../../../../src/raster/memory-cube';
import { encodeRequest } from '../support';
import { cases, signal } from './cases';

describe('what netCDF and Zarr refuse', () => {
  test.each([netcdf, zarr])(
    '$name: text, values that are no cube, too many values, unknown options',
    async (format) => {
      const text = memoryCube({ dimensions: [{ type: 'other', name: 'o', labels: ['a'] }], data: ['b'] });
      const failing = [
        { code: 'FormatUnsuitable', data: text },
        { code: 'FormatUnsuitable', data: [1, 2] },
        { code: 'ProcessGraphComplexity', data: cases['series'].cube, changes: { maxPixels: 1000 } },
        { code: 'ProcessParameterInvalid', data: cases['series'].cube, options: { chunks: 5 } },
        { code: 'ProcessParameterInvalid', data: cases['series'].cube, options: { scale_factor: 0.1 } },
      ];
      for (const { code, data, changes, options } of failing)
        await expect(format.encode(data, encodeRequest(options, changes))).rejects.toMatchObject({ code });
    },
  );

  test.each([netcdf, zarr])('$name: a source that breaks leaves no open file', async (format) => {
    const broken = defineCube({
      ...cases['series'].cube,
      read: async ({ grid }) => {
        if (grid!.originX > 600000) throw new Error('broken source');
        return cases['series'].cube.read({ grid }, signal);
      },
    });
    await expect(format.encode(broken, encodeRequest({ chunk_size: 64 }))).rejects.toThrow('broken source');
  });
});
