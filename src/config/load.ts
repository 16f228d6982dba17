import { readFileSync } from 'node:fs';
import schema from '../../schemas/config.json';
import { SetupError } from '../base/errors';
import { createSchemaCompiler, describeViolation, type ErrorObject } from '../base/schema';
import { complete } from './complete';
import { type Option, options, otherVariables, parseText, tileStoreAlias } from './options';
import type { Config } from './types';

/** The configuration is wrong; the message names every wrong or unknown key and what is accepted. */
export class ConfigError extends SetupError {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

export interface ConfigSources {
  /** Flags by name without dashes, for example `data-dir`. */
  readonly flags?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** A JSON file; `TILEGRAPH_CONFIG` in the environment also names one. */
  readonly file?: string;
  /** Replaces defaults of the schema, for example for `npm start`. */
  readonly defaults?: Readonly<Record<string, unknown>>;
}

interface Given {
  readonly value: unknown;
  /** How the person named it: the flag, the variable, or the file's key. */
  readonly name: string;
}

const validate = createSchemaCompiler().compile({ ...schema, $id: undefined });

/**
 * Merges flags over environment over file over defaults, checks the result and freezes it.
 * @throws ConfigError
 */
export function loadConfig(sources: ConfigSources = {}): Config {
  const problems: string[] = [];
  const given = new Map<string, Given>();
  const environment = sources.environment ?? {};
  readFile(sources.file ?? environment['TILEGRAPH_CONFIG'], given, problems);
  readEnvironment(environment, given, problems);
  readFlags(sources.flags ?? {}, given, problems);

  const values: Record<string, unknown> = {};
  for (const [key, property] of Object.entries(schema.properties)) {
    const fallback = sources.defaults?.[key] ?? ('default' in property ? property.default : undefined);
    const value = given.has(key) ? given.get(key)?.value : fallback;
    if (value !== undefined) values[key] = structuredClone(value);
  }
  if (!validate(values)) {
    for (const error of validate.errors ?? []) problems.push(describe(error, given));
  }
  if (problems.length > 0) throw new ConfigError([...new Set(problems)]);
  return deepFreeze(complete(values));
}

function readFile(file: string | undefined, given: Map<string, Given>, problems: string[]): void {
  if (file === undefined || file === '') return;
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    problems.push(`the configuration file ${file} cannot be read: ${(error as Error).message}`);
    return;
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    problems.push(`the configuration file ${file} must hold one JSON object`);
    return;
  }
  for (const [key, value] of Object.entries(content)) {
    const option = options.find((candidate) => candidate.key === key);
    if (!option)
      problems.push(
        `${key} in ${file} is unknown; accepted are ${options.map((known) => known.key).join(', ')}`,
      );
    else
      given.set(key, {
        value:
          typeof value === 'string' && option.type === 'integer'
            ? parse(option, value, key, problems)
            : value,
        name: `${key} in ${file}`,
      });
  }
}

function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  given: Map<string, Given>,
  problems: string[],
): void {
  for (const option of options) {
    const text = environment[option.variable];
    if (text !== undefined && text !== '')
      given.set(option.key, { value: parse(option, text, option.variable, problems), name: option.variable });
  }
  for (const name of Object.keys(environment)) {
    if (
      !name.startsWith('TILEGRAPH_') ||
      otherVariables.has(name) ||
      options.some((option) => option.variable === name)
    )
      continue;
    problems.push(`${name} is unknown; accepted are ${options.map((option) => option.variable).join(', ')}`);
  }
  const alias = environment[tileStoreAlias];
  if (!alias) return;
  const own = environment['TILEGRAPH_TILE_STORE_URL'];
  if (own && own !== alias)
    problems.push(`TILEGRAPH_TILE_STORE_URL and ${tileStoreAlias} have different values; set one of them`);
  else given.set('tileStoreUrl', { value: alias, name: tileStoreAlias });
}

function readFlags(
  flags: Readonly<Record<string, string>>,
  given: Map<string, Given>,
  problems: string[],
): void {
  for (const [name, text] of Object.entries(flags)) {
    const option = options.find((candidate) => candidate.flag === `--${name}`);
    if (!option)
      problems.push(`--${name} is unknown; accepted are ${options.map((known) => known.flag).join(', ')}`);
    else given.set(option.key, { value: parse(option, text, option.flag, problems), name: option.flag });
  }
}

function parse(option: Option, text: string, name: string, problems: string[]): unknown {
  try {
    return parseText(option, text);
  } catch {
    problems.push(`${name} must be JSON`);
    return undefined;
  }
}

function describe(error: ErrorObject, given: ReadonlyMap<string, Given>): string {
  const [, key = '', ...rest] = error.instancePath.split('/');
  if (error.keyword === 'dependentRequired') return 'tlsKey and tlsCert must be set together';
  const option = options.find((candidate) => candidate.key === key);
  const name = given.get(key)?.name ?? option?.variable ?? key;
  const where = rest.length > 0 ? `${name} (at ${rest.join('/')})` : name;
  return `${where} ${describeViolation(error)}`;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const child of Object.values(value)) deepFreeze(child);
    Object.freeze(value);
  }
  return value;
}
