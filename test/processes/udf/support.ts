import type { ProcessContext } from '../../../src/processes/context';
import { createUdfRuntimes } from '../../../src/udf/runtimes';
import { callback, from } from '../cubes/kit';

const runtimes = createUdfRuntimes({ threads: 2, memoryBytes: 64 * 1024 * 1024, seconds: 60 });
afterAll(() => runtimes.close());

export const context = (): Partial<ProcessContext> => ({
  udf: { ...runtimes, session: runtimes.openSession('tester') },
});
export const udf = (code: string, rest: object = {}) => ({
  udf: `${code}\n`,
  runtime: 'JavaScript',
  ...rest,
});
export const inCallback = (code: string, parameter = 'data', rest: object = {}) =>
  callback('run_udf', { data: from(parameter), ...udf(code, rest) });
