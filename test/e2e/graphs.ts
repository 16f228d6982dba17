import type { Json } from '../support/api';

/** A process whose result is this value. */
export const constant = (x: unknown) => ({
  process_graph: { value: { process_id: 'constant', arguments: { x }, result: true } },
});

/** A process that calls another one. */
export const call = (process_id: string, args: Json = {}) => ({
  process_graph: { call: { process_id, arguments: args, result: true } },
});

/** `tile_assignment` as a campaign has it: the stage comes with each request. */
export const assignment = (zoom: number, x_range: readonly number[], y_range: readonly number[]) => ({
  parameters: [
    { name: 'stage', description: 'What to do', schema: { type: 'string' }, default: 'claim' },
    { name: 'x_range', description: 'Columns', schema: { type: 'array' }, default: x_range },
    { name: 'y_range', description: 'Rows', schema: { type: 'array' }, default: y_range },
  ],
  process_graph: {
    assign: {
      process_id: 'tile_assignment',
      arguments: {
        zoom,
        x_range: { from_parameter: 'x_range' },
        y_range: { from_parameter: 'y_range' },
        stage: { from_parameter: 'stage' },
        user_id: { from_parameter: '_openeo_user' },
        store: { from_parameter: '_openeo_tile_store' },
      },
      result: true,
    },
  },
});
