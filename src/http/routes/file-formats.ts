import type { OutputFormat } from '../../raster/formats/types';
import type { Backend } from '../backend';
import type { Route } from '../route';

type Described = Pick<OutputFormat, 'name' | 'title' | 'description' | 'gisDataTypes' | 'parameters'>;

function describe(formats: readonly Described[]): object {
  return Object.fromEntries(
    formats.map(({ name, title, description, gisDataTypes, parameters }) => [
      name,
      { title, description, gis_data_types: gisDataTypes, parameters },
    ]),
  );
}

export function fileFormatRoutes({ formats, inputFormats }: Backend): Route[] {
  const document = { input: describe(inputFormats), output: describe(formats) };
  return [
    {
      method: 'GET',
      path: '/file_formats',
      access: 'optional',
      handle(_request, response) {
        response.json(document);
      },
    },
  ];
}
