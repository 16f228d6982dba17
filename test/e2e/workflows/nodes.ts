import type { GraphNode } from '../../../src/graph/types';

export type Nodes = Readonly<Record<string, GraphNode>>;
export type Args = Readonly<Record<string, unknown>>;

export interface Area {
  readonly collection: 'TILEGRAPH_SAMPLE' | 'SENTINEL2_L2A_BOLZANO';
  readonly west: number;
  readonly north: number;
  readonly width: number;
  readonly height: number;
}

export interface Workflow {
  readonly title: string;
  readonly area: Area;
  readonly nodes: Nodes;
  /** The function of workflows.py that computes the same. */
  readonly name: string;
  readonly input?: Args;
  /** By how much values may be off; default: single precision. */
  readonly tolerance?: number;
}

export const node = (process_id: string, args: Args, result = false): GraphNode => ({
  process_id,
  arguments: args,
  ...(result && { result }),
});
export const from = (from_node: string) => ({ from_node });
export const param = (from_parameter: string) => ({ from_parameter });
export const reducer = (process_id: string) => ({
  process_graph: { r: node(process_id, { data: param('data') }, true) },
});
export const element = (label: string) => node('array_element', { data: param('data'), label });

export const sampleArea: Area = {
  collection: 'TILEGRAPH_SAMPLE',
  west: 673_010,
  north: 5_292_990,
  width: 300,
  height: 280,
};
export const bolzanoArea: Area = {
  collection: 'SENTINEL2_L2A_BOLZANO',
  west: 677_190,
  north: 5_153_460,
  width: 300,
  height: 280,
};

export function load(area: Area, bands: readonly string[]): GraphNode {
  const { west, north, width, height } = area;
  return node('load_collection', {
    id: area.collection,
    spatial_extent: { west, north, east: west + width * 10, south: north - height * 10, crs: 32632 },
    temporal_extent: null,
    bands,
  });
}

export const ndviOf = (data: string) => node('ndvi', { data: from(data), nir: 'B08', red: 'B04' });
export const overTime = (data: string, process_id: string, result = true) =>
  node('reduce_dimension', { data: from(data), dimension: 't', reducer: reducer(process_id) }, result);
