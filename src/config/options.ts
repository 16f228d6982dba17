import schema from '../../schemas/config.json';

/** One setting in its three spellings. */
export interface Option {
  /** Key of the configuration file, for example `dataDir`. */
  readonly key: string;
  /** For example `--data-dir`. */
  readonly flag: string;
  /** For example `TILEGRAPH_DATA_DIR`. */
  readonly variable: string;
  readonly description: string;
  readonly type: string | readonly string[] | undefined;
  readonly isSecret: boolean;
}

const withoutPrefix = new Set(['host', 'port']);
const secrets = new Set(['storeUrl', 'tileStoreUrl', 'objectStoreUrl', 'adminPassword', 'jobWebhookSecret']);

function words(key: string): string[] {
  return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).split(' ');
}

/** All settings, in the order of the schema. */
export const options: readonly Option[] = Object.entries(schema.properties).map(([key, property]) => {
  const upper = words(key).join('_').toUpperCase();
  return {
    key,
    flag: `--${words(key).join('-')}`,
    variable: withoutPrefix.has(key) ? upper : `TILEGRAPH_${upper}`,
    description: property.description,
    type: 'type' in property ? property.type : undefined,
    isSecret: secrets.has(key),
  };
});

/** Names of environment variables with our prefix that are not settings of the server. */
export const otherVariables: ReadonlySet<string> = new Set(['TILEGRAPH_CONFIG', 'TILEGRAPH_TOKEN']);

/** The name that a titiler-openeo deployment uses for the tile store. */
export const tileStoreAlias = 'TITILER_OPENEO_TILE_STORE_URL';

const units: Readonly<Record<string, number>> = {
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
};

/** Reads a value written as text, as flags and the environment have it; text that does not fit is left for the schema to refuse. */
export function parseText(option: Option, text: string): unknown {
  if (option.key === 'oidcProviders') return JSON.parse(text);
  if (option.type === 'array') {
    return text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }
  const isBoolean = option.type === 'boolean' || option.key === 'trustProxy';
  if (isBoolean && (text === 'true' || text === 'false')) return text === 'true';
  const isNumeric = option.type === 'integer' || option.type === 'number' || option.key === 'trustProxy';
  if (isNumeric && /^-?\d+(\.\d+)?$/.test(text.trim())) return Number(text);
  const size = /^(\d+(?:\.\d+)?)\s*([kmgt]i?b)$/i.exec(text.trim());
  if (option.type === 'integer' && size) return Math.round(Number(size[1]) * units[size[2].toLowerCase()]);
  return text;
}
