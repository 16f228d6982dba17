'use strict';
// Writes schemas/openeo/api.json: the JSON Schemas of an openEO API description (OpenAPI 3.0), without its prose.
// Usage: node scripts/extract-api-schemas.cjs path/to/openapi.yaml
const fs = require('node:fs');
const path = require('node:path');
const YAML = require('yaml');

const source = process.argv[2];
if (!source) {
  process.stderr.write('Usage: node scripts/extract-api-schemas.cjs path/to/openapi.yaml\n');
  process.exit(2);
}
const api = YAML.parse(fs.readFileSync(source, 'utf8'));

const verbatim = new Set([
  'type',
  'enum',
  'default',
  'required',
  'pattern',
  'format',
  'minimum',
  'maximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'const',
]);
const schemaMaps = new Set(['properties', 'patternProperties', 'definitions']);
const schemaLists = new Set(['allOf', 'anyOf', 'oneOf']);
const subSchemas = new Set(['items', 'not', 'additionalProperties', 'contains', 'propertyNames']);
// Formats of prose and formats that no validator checks.
const dropped = new Set(['commonmark', 'binary', 'url']);

const mapValues = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));

/** A Schema Object of OpenAPI 3.0 as JSON Schema draft-07. */
function schema(node) {
  if (typeof node === 'boolean') return node;
  const result = {};
  for (const [keyword, value] of Object.entries(node)) {
    if (keyword === '$ref') result.$ref = value.replace('#/components/schemas/', '#/definitions/');
    else if (keyword === 'format') {
      if (!dropped.has(value)) result.format = value;
    } else if (verbatim.has(keyword)) result[keyword] = value;
    else if (schemaMaps.has(keyword)) result[keyword] = mapValues(value, schema);
    else if (schemaLists.has(keyword)) result[keyword] = value.map(schema);
    else if (subSchemas.has(keyword)) result[keyword] = schema(value);
  }
  // OpenAPI 3.0 makes exclusive bounds flags of the inclusive ones.
  for (const [bound, exclusive] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ])
    if (node[exclusive] === true) {
      result[exclusive] = result[bound];
      delete result[bound];
    }
  // With an alternative that anything meets, "exactly one" would refuse what meets another one too.
  if (result.oneOf?.some((alternative) => Object.keys(alternative).length === 0)) {
    result.anyOf = result.oneOf;
    delete result.oneOf;
  }
  return node.nullable === true ? nullable(result) : result;
}

function nullable(node) {
  const isPlain = !['$ref', 'allOf', 'anyOf', 'oneOf', 'not'].some((keyword) => keyword in node);
  if (!isPlain || typeof node.type !== 'string') return { anyOf: [{ type: 'null' }, node] };
  const result = { ...node, type: [node.type, 'null'] };
  if (node.enum && !node.enum.includes(null)) result.enum = [...node.enum, null];
  return result;
}

const resolve = (node, kind) => (node.$ref ? api.components[kind][node.$ref.split('/').pop()] : node);

const contents = (node) => mapValues(node.content ?? {}, (media) => schema(media.schema ?? {}));

const endpoints = {};
for (const [address, item] of Object.entries(api.paths))
  for (const method of ['get', 'post', 'put', 'patch', 'delete']) {
    const operation = item[method];
    if (!operation) continue;
    const entry = { responses: {} };
    if (operation.requestBody) entry.request = contents(operation.requestBody);
    for (const [status, response] of Object.entries(operation.responses)) {
      const resolved = resolve(response, 'responses');
      entry.responses[status] = {
        content: contents(resolved),
        ...(resolved.headers && { headers: mapValues(resolved.headers, (header) => schema(header.schema)) }),
      };
    }
    endpoints[`${method.toUpperCase()} ${address}`] = entry;
  }

const target = path.join(__dirname, '..', 'schemas', 'openeo', 'api.json');
fs.mkdirSync(path.dirname(target), { recursive: true });
fs.writeFileSync(
  target,
  `${JSON.stringify({ version: api.info.version, definitions: mapValues(api.components.schemas, schema), endpoints }, null, 1)}\n`,
);
process.stdout.write(`${path.relative(process.cwd(), target)}: ${Object.keys(endpoints).length} endpoints\n`);
