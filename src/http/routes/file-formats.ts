import type { Backend } from '../backend';
import type { Route } from '../route';

export function fileFormatRoutes({ formats }: Backend): Route[] {
  const output = Object.fromEntries(
    formats.map(({ name, title, description, gisDataTypes, parameters }) => [
      name,
      { title, description, gis_data_types: gisDataTypes, parameters },
    ]),
  );
  return [
    {
      method: 'GET',
      path: '/file_formats',
      access: 'optional',
      handle(_request, response) {
        response.json({ input: {}, output });
      },
    },
  ];
}
