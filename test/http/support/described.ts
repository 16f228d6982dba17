import type { ValidateFunction } from 'ajv';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/** Compares answers with an OpenAPI document. */
export interface Description {
  readonly paths: Paths;
  /** Asks, and checks that the answer is what the document says of this operation and status. */
  ask(method: string, template: string, url: string, init?: RequestInit): Promise<Buffer>;
  /** Statuses that the document promises and no answer had so far, as `operation 404`. */
  unseen(): string[];
}

const pointerPart = (part: string) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));

export function describedBy(document: object): Description {
  const { paths } = document as { paths: Paths };
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  ajv.addSchema(document, 'api');
  const seen = new Set<string>();
  const validator = (pointer: string): ValidateFunction =>
    ajv.getSchema(`api#${pointer}`) ?? ajv.compile({ $ref: `api#${pointer}` });

  return {
    paths,
    async ask(method, template, url, init = {}) {
      const response = await fetch(url, { ...init, method: method.toUpperCase() });
      const { operationId, responses } = paths[template][method];
      const status = String(response.status);
      const body = Buffer.from(await response.arrayBuffer());
      expect([operationId, status, body.subarray(0, 500).toString()]).toEqual([
        operationId,
        Object.hasOwn(responses, status) ? status : Object.keys(responses).join(' or '),
        expect.any(String),
      ]);
      seen.add(`${operationId} ${status}`);
      const { content } = responses[status];
      if (!content) {
        expect(body).toHaveLength(0);
        return body;
      }
      const type = (response.headers.get('content-type') ?? '').split(';')[0];
      if (!Object.hasOwn(content, '*/*')) expect(Object.keys(content)).toContain(type);
      if (type === 'application/json' && Object.hasOwn(content, type)) {
        const pointer = ['paths', template, method, 'responses', status, 'content', type, 'schema'];
        const validate = validator(`/${pointer.map(pointerPart).join('/')}`);
        const isValid = validate(JSON.parse(body.toString()));
        expect([operationId, status, isValid, validate.errors ?? null]).toEqual([
          operationId,
          status,
          true,
          null,
        ]);
      }
      return body;
    },
    unseen: () =>
      Object.values(paths).flatMap((operations) =>
        Object.values(operations).flatMap(({ operationId, responses }) =>
          Object.keys(responses)
            .map((status) => `${operationId} ${status}`)
            .filter((each) => !seen.has(each)),
        ),
      ),
  };
}
