import { callback, loadSample, parameter } from '../../support/graphs';
import type { ServerProcess } from '../../support/process';

/** Keeps a processor busy for seconds: every band and date of the sample, finer than it is, through transcendental functions. */
export const heavy = (resolution: number) => ({
  process_graph: {
    load: loadSample('B02', 'B03', 'B04', 'B08', 'B11', 'SCL'),
    fine: {
      process_id: 'resample_spatial',
      arguments: { data: { from_node: 'load' }, resolution, method: 'bilinear' },
    },
    hard: {
      process_id: 'apply',
      arguments: {
        data: { from_node: 'fine' },
        process: {
          process_graph: {
            sin: { process_id: 'sin', arguments: { x: parameter('x') } },
            exp: { process_id: 'exp', arguments: { p: { from_node: 'sin' } }, result: true },
          },
        },
      },
    },
    reduce: {
      process_id: 'reduce_dimension',
      arguments: { data: { from_node: 'hard' }, dimension: 't', reducer: callback('median') },
    },
    save: {
      process_id: 'save_result',
      arguments: { data: { from_node: 'reduce' }, format: 'GTiff' },
      result: true,
    },
  },
});

/** Processor seconds that the server has used. */
export async function cpuSeconds({ url }: ServerProcess): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^tilegraph_process_cpu_seconds_total (\S+)/m.exec(metrics)?.[1]);
}
