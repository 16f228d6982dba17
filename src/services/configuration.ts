import { OpenEOError } from '../base/errors';
import { createSchemaCompiler, describeErrors, type ValidateFunction } from '../base/schema';
import { tileMatrixSet } from '../geo/tile-matrix-set';
import type { ServiceType } from './types/service-type';

/** The settings of an XYZ service with all defaults filled in. */
export interface XyzSettings {
  readonly tileSize: 256 | 512;
  readonly minzoom: number;
  readonly maxzoom: number;
  readonly extent: readonly [number, number, number, number] | null;
  readonly tilematrixset: string;
  readonly scope: 'private' | 'restricted' | 'public';
  readonly authorizedUsers: readonly string[];
  readonly tileStore: boolean;
  readonly buffer: number;
  readonly format: 'PNG' | 'WEBP' | 'JPEG';
  readonly emptyTile: 'transparent' | 'no_content';
  readonly parameters: Readonly<Record<string, unknown>>;
}

const ajv = createSchemaCompiler();
const validators = new WeakMap<ServiceType, ReadonlyMap<string, ValidateFunction>>();

function validatorsOf(type: ServiceType): ReadonlyMap<string, ValidateFunction> {
  let known = validators.get(type);
  if (!known) {
    known = new Map(Object.entries(type.configuration).map(([name, schema]) => [name, ajv.compile(schema)]));
    validators.set(type, known);
  }
  return known;
}

/**
 * Checks a configuration by the service type's schemas.
 * @throws OpenEOError `ServiceConfigUnsupported`, `ServiceConfigInvalid`
 */
export function checkConfiguration(
  type: ServiceType,
  configuration: Readonly<Record<string, unknown>>,
): void {
  const known = validatorsOf(type);
  for (const [name, value] of Object.entries(configuration)) {
    const validate = known.get(name);
    if (!validate) throw new OpenEOError('ServiceConfigUnsupported', { parameter: name });
    if (!validate(value)) {
      throw new OpenEOError('ServiceConfigInvalid', {
        parameter: name,
        reason: describeErrors(validate.errors),
      });
    }
  }
  const settings = xyzSettings(configuration);
  if (settings.minzoom > settings.maxzoom) {
    throw new OpenEOError('ServiceConfigInvalid', {
      parameter: 'minzoom',
      reason: `it is larger than maxzoom (${settings.maxzoom})`,
    });
  }
  const deepest = tileMatrixSet(settings.tilematrixset)?.maxZoom ?? 0;
  if (settings.minzoom > deepest) {
    throw new OpenEOError('ServiceConfigInvalid', {
      parameter: 'minzoom',
      reason: `${settings.tilematrixset} has the zoom levels 0 to ${deepest}`,
    });
  }
  if (settings.extent) checkExtent(settings.extent);
}

function checkExtent([west, south, east, north]: readonly number[]): void {
  const fail = (reason: string) => {
    throw new OpenEOError('ServiceConfigInvalid', { parameter: 'extent', reason });
  };
  if (west < -180 || east > 180 || south < -90 || north > 90)
    fail('it leaves the range of longitudes −180…180 and latitudes −90…90');
  if (south >= north) fail('south must be smaller than north');
  if (west === east) fail('west and east must differ; west > east crosses the antimeridian');
}

/** Fills the defaults into a checked configuration. */
export function xyzSettings(configuration: Readonly<Record<string, unknown>>): XyzSettings {
  const value = <T>(name: string, fallback: T): T =>
    Object.hasOwn(configuration, name) ? (configuration[name] as T) : fallback;
  return {
    tileSize: value('tile_size', 256),
    minzoom: value('minzoom', 0),
    maxzoom: value('maxzoom', 22),
    extent: value('extent', null),
    tilematrixset: value('tilematrixset', 'WebMercatorQuad'),
    scope: value('scope', 'private'),
    authorizedUsers: value('authorized_users', []),
    tileStore: value('tile_store', false),
    buffer: value('buffer', 0),
    format: value('format', 'PNG'),
    emptyTile: value('empty_tile', 'transparent'),
    parameters: value('parameters', {}),
  };
}
