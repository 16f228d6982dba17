import type { Json } from './api';

export const parameter = (name: string) => ({ from_parameter: name });

/** A callback of one node; by default it gets the array that is reduced. */
export const callback = (process_id: string, args: object = { data: parameter('data') }) => ({
  process_graph: { a: { process_id, arguments: args, result: true } },
});

/** The sample collection, all of its area and dates. */
export const loadSample = (...bands: readonly string[]) => ({
  process_id: 'load_collection',
  arguments: { id: 'TILEGRAPH_SAMPLE', spatial_extent: null, temporal_extent: null, bands },
});

/** The graph of a picture of the sample collection: one of each pixel's dates, or what a reducer makes of them. */
export const trueColour = (reducer = 'last') => ({
  load: loadSample('B04', 'B03', 'B02'),
  reduce: {
    process_id: 'reduce_dimension',
    arguments: { data: { from_node: 'load' }, dimension: 't', reducer: callback(reducer) },
    result: true,
  },
});

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
