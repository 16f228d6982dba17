import { OpenEOError } from '../../base/errors';
import { createSchemaCompiler, describeErrors } from '../../base/schema';
import { checkChoices, completeOptions, optionSchemas, type PyramidOptions } from '../../pyramid/options';
import { queryValue } from '../paging';
import type { ApiRequest } from '../route';

const validate = createSchemaCompiler({ coerceTypes: true }).compile({
  type: 'object',
  properties: { ...optionSchemas, tile_size: { type: 'integer', enum: [256, 512] } },
});

/**
 * The options of a generation in a query, and whether it is a dry run; GeoJSON is written as JSON.
 * @throws OpenEOError `RequestInvalid`
 */
export function optionsOf(request: ApiRequest): {
  readonly options: Partial<PyramidOptions>;
  readonly isDryRun: boolean;
} {
  const known = new Set([...Object.keys(optionSchemas), 'asset_id', 'dry_run']);
  const unknown = Object.keys(request.query).find((name) => !known.has(name));
  if (unknown !== undefined)
    throw new OpenEOError('RequestInvalid', {
      reason: `the query knows ${[...known].join(', ')}, not "${unknown}".`,
    });
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(optionSchemas)) {
    const text = queryValue(request, name);
    if (text !== undefined) values[name] = name === 'area' ? parse(text) : text;
  }
  if (!validate(values)) throw new OpenEOError('RequestInvalid', { reason: describeErrors(validate.errors) });
  const dryRun = queryValue(request, 'dry_run') ?? 'false';
  if (dryRun !== 'true' && dryRun !== 'false')
    throw new OpenEOError('RequestInvalid', { reason: 'dry_run is true or false.' });
  checkChoices(completeOptions(values));
  return { options: values as Partial<PyramidOptions>, isDryRun: dryRun === 'true' };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new OpenEOError('RequestInvalid', { reason: 'area must be GeoJSON.' });
  }
}
