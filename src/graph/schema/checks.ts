import { LRUCache } from 'lru-cache';
import { countParts, type JsonSchema } from '../../base/json';
import { createProcessSchemaCompiler, type ErrorObject, type ValidateFunction } from '../../base/schema';
import type { ParameterSpec, ProcessSpec } from '../types';
import { explain, type Violation } from './explain';
import { prepareSchema } from './prepare';
import { valueKeywords } from './subtypes';
import { type Projections, Projector, unknownValue } from './values';

type Compiler = ReturnType<typeof createProcessSchemaCompiler>;

/** Checks values against the schema of one parameter. */
export interface ParameterCheck {
  /** What is wrong with a value of the run; empty when it is valid. */
  check(value: unknown): readonly Violation[];
  /** What is wrong with a value that contains `unknownValue`s, whatever they turn out to be. */
  checkPartial(value: unknown): readonly Violation[];
}

const schemasPerCompiler = 2000;
/** Of larger values the first violation is told alone: a million of them take seconds to collect. */
const maxExplainedValues = 2000;
const cachedChecks = 4000;

const missingDimensionCodes = ['DimensionMissing', 'DimensionAmbiguous', 'DimensionNotAvailable'];

/** Compiles parameter schemas, each distinct one once. */
export class SchemaChecks {
  readonly #byText = new LRUCache<string, ParameterCheck>({ max: cachedChecks });
  readonly #byParameter = new WeakMap<ParameterSpec, ParameterCheck>();
  /** That ends at the first violation, and that finds all. */
  readonly #compilers = [new Compilers(false), new Compilers(true)] as const;

  /**
   * The check of a parameter. A process that declares an exception for a missing dimension answers for
   * those itself.
   * @param isAnswered the function answers to null and to numbers out of range; see {@link ProcessModule.answers}.
   * @throws Error that tells what is wrong with the schema.
   */
  of(parameter: ParameterSpec, exceptions?: ProcessSpec['exceptions'], isAnswered = false): ParameterCheck {
    const known = this.#byParameter.get(parameter);
    if (known) return known;
    const ignoreDimensions = missingDimensionCodes.some((code) => Object.hasOwn(exceptions ?? {}, code));
    const text = JSON.stringify([ignoreDimensions, isAnswered, parameter.schema]);
    let check = this.#byText.get(text);
    if (!check) {
      const schema = isAnswered ? withoutRange(parameter.schema) : parameter.schema;
      check = this.#compile(schema, ignoreDimensions);
      this.#byText.set(text, check);
    }
    const tolerant = acceptDefault(check, parameter);
    this.#byParameter.set(parameter, tolerant);
    return tolerant;
  }

  #compile(schema: unknown, ignoreDimensions: boolean): ParameterCheck {
    const alternatives = Array.isArray(schema) ? schema : [schema ?? {}];
    const validators = (lenient: boolean, compilers: Compilers) =>
      alternatives.map((alternative) => {
        const compiler = compilers.next();
        const isFormat = (name: string) => Object.hasOwn(compiler.formats, name);
        return compiler.compile(prepareSchema(alternative, { lenient, ignoreDimensions, isFormat }));
      });
    const [ending, collecting] = this.#compilers;
    const checker = (lenient: boolean) => {
      const first = validators(lenient, ending);
      let all: ValidateFunction[] | undefined;
      return (value: unknown): readonly Violation[] => {
        const found = run(first, value);
        if (found.length === 0 || countParts(value, maxExplainedValues) > maxExplainedValues) return found;
        all ??= validators(lenient, collecting);
        return run(all, value);
      };
    };
    let lenient: ReturnType<typeof checker> | undefined;
    return {
      check: checker(false),
      checkPartial(value) {
        if (value === unknownValue) return none;
        lenient ??= checker(true);
        return lenient(value);
      },
    };
  }
}

/** ajv keeps everything that it ever compiled, so instances are replaced now and then. */
class Compilers {
  #compiler: Compiler | undefined;
  #compiled = 0;

  constructor(readonly allErrors: boolean) {}

  next(): Compiler {
    if (!this.#compiler || this.#compiled++ >= schemasPerCompiler) {
      this.#compiler = createProcessSchemaCompiler(valueKeywords, this.allErrors);
      this.#compiled = 0;
    }
    return this.#compiler;
  }
}

const none: readonly Violation[] = [];

/** The schema with null beside it and numbers of any size, in arrays as well; GeoJSON beside cubes of geometries. */
function withoutRange(schema: ParameterSpec['schema']): JsonSchema[] {
  const alternatives = [schema].flat() as JsonSchema[];
  return [
    ...(alternatives.some(isVectorCube) ? [{ type: 'object', subtype: 'geojson' }] : []),
    ...alternatives.map(({ minimum, maximum, exclusiveMinimum, exclusiveMaximum, items, ...rest }) => ({
      ...rest,
      ...(isPlainObject(items) && { items: { anyOf: withoutRange(items as JsonSchema) } }),
    })),
    { type: 'null' },
  ];
}

function isVectorCube({ subtype, dimensions }: JsonSchema): boolean {
  return subtype === 'datacube' && Array.isArray(dimensions) && dimensions[0]?.type === 'geometry';
}

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Some descriptions of the standard have a default that their own schema refuses; clients may write it out. */
function acceptDefault(check: ParameterCheck, { default: value }: ParameterSpec): ParameterCheck {
  if (value === undefined || (typeof value === 'object' && value !== null)) return check;
  return { ...check, check: (given) => (given === value ? none : check.check(given)) };
}

function run(validators: readonly ValidateFunction[], value: unknown): readonly Violation[] {
  const projections: Projections = new WeakMap();
  const seen = new Projector(projections).project(value);
  const errors: (readonly ErrorObject[])[] = [];
  for (const validator of validators) {
    try {
      if (validator.call(projections, seen)) return none;
    } catch (error) {
      if (error instanceof RangeError) return [{ path: '', reason: 'is nested too deeply' }];
      throw error;
    }
    errors.push(validator.errors ?? []);
  }
  return validators.length === 0 ? none : explain(errors);
}
