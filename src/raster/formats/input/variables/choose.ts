import { unsuitable } from '../../unsuitable';
import { number, text } from './attributes';
import type { VariableInfo } from './types';

/** Variables that say something about others, by the CF conventions. */
function helpers(variables: readonly VariableInfo[]): Set<string> {
  const names = new Set<string>();
  for (const variable of variables) {
    if (variable.dimensions.length === 1 && variable.dimensions[0] === variable.name)
      names.add(variable.name);
    for (const attribute of ['coordinates', 'grid_mapping', 'bounds', 'ancillary_variables'])
      for (const name of (text(variable, attribute) ?? '').split(/[\s:]+/)) names.add(name);
    if (variable.attributes.has('grid_mapping_name') || variable.attributes.has('crs_wkt'))
      names.add(variable.name);
  }
  return names;
}

/**
 * The variables that become bands of one cube, which have the same dimensions.
 * @throws ProcessException `FormatUnsuitable` where there are none, or a wanted one is missing or of another shape
 */
export function chooseVariables(
  variables: readonly VariableInfo[],
  wanted: readonly string[] | null,
): VariableInfo[] {
  const about = helpers(variables);
  const data = variables.filter(({ name, kind }) => kind === 'number' && !about.has(name));
  const list = data.map(({ name }) => name).join(', ') || 'none';
  const chosen = wanted
    ? wanted.map((name) => {
        const found = variables.find((variable) => variable.name === name && variable.kind === 'number');
        if (!found) throw unsuitable(`There is no variable of numbers "${name}"; there are ${list}.`);
        return found;
      })
    : data;
  if (chosen.length === 0) throw unsuitable('The file has no variables of numbers.');
  const most = chosen.reduce((best, each) => (each.dimensions.length > best.dimensions.length ? each : best));
  const indexOf = (variable: VariableInfo) => number(variable, 'band_index') ?? 0;
  if (!wanted) chosen.sort((one, other) => indexOf(one) - indexOf(other));
  const sameShape = ({ dimensions }: VariableInfo) => dimensions.join('\n') === most.dimensions.join('\n');
  if (wanted && !chosen.every(sameShape))
    throw unsuitable('The chosen variables have different dimensions; load them one by one.');
  return chosen.filter(sameShape);
}
