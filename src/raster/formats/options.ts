import { OpenEOError } from '../../base/errors';
import type { JsonSchema } from '../../base/json';
import { createProcessSchemaCompiler, describeErrors, type ValidateFunction } from '../../base/schema';

export type FormatParameters = Readonly<Record<string, JsonSchema & { readonly description: string }>>;

const compiled = new WeakMap<FormatParameters, ValidateFunction>();
const compiler = createProcessSchemaCompiler();

/**
 * The options of a format, checked against its declared parameters and completed by their defaults.
 * @throws OpenEOError `ProcessParameterInvalid` naming each wrong or unknown option and the known ones
 */
export function readOptions<T>(
  format: string,
  parameters: FormatParameters,
  options: Readonly<Record<string, unknown>>,
  process = 'save_result',
): T {
  let validate = compiled.get(parameters);
  if (!validate) {
    validate = compiler.compile({ type: 'object', properties: parameters, additionalProperties: false });
    compiled.set(parameters, validate);
  }
  if (!validate({ ...options }))
    throw new OpenEOError('ProcessParameterInvalid', {
      parameter: 'options',
      process,
      reason: `${describeErrors(validate.errors)}. Options of ${format}: ${
        Object.keys(parameters).join(', ') || 'none'
      }.`,
    });
  const values: Record<string, unknown> = Object.create(null);
  for (const name of Object.keys(parameters))
    values[name] = Object.hasOwn(options, name) ? options[name] : parameters[name]['default'];
  return values as T;
}
