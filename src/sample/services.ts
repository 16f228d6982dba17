import { sampleId } from './stac';

type Graph = Readonly<
  Record<string, { process_id: string; arguments: Record<string, unknown>; result?: true }>
>;

interface SampleService {
  readonly title: string;
  readonly description: string;
  readonly process: { readonly process_graph: Graph; readonly parameters?: readonly unknown[] };
}

const node = (id: string) => ({ from_node: id });
const parameter = (name: string) => ({ from_parameter: name });

/** A callback of one process over an array. */
const reducer = (process: string) => ({
  process_graph: { [process]: { process_id: process, arguments: { data: parameter('data') }, result: true } },
});

function load(bands: readonly string[], interval: unknown = null): Graph {
  return {
    load: {
      process_id: 'load_collection',
      arguments: { id: sampleId, spatial_extent: null, temporal_extent: interval, bands },
    },
  };
}

/** Nodes that leave out what the scene classification calls cloud (8, 9) or cloud shadow (3); the result is `clear`. */
const cloudFree: Graph = {
  classes: {
    process_id: 'load_collection',
    arguments: { id: sampleId, spatial_extent: null, temporal_extent: null, bands: ['SCL'] },
  },
  class: {
    process_id: 'reduce_dimension',
    arguments: { data: node('classes'), dimension: 'bands', reducer: reducer('first') },
  },
  clouds: {
    process_id: 'apply',
    arguments: {
      data: node('class'),
      process: {
        process_graph: {
          shadow: { process_id: 'eq', arguments: { x: parameter('x'), y: 3 } },
          cloud: { process_id: 'between', arguments: { x: parameter('x'), min: 8, max: 9 } },
          either: { process_id: 'or', arguments: { x: node('shadow'), y: node('cloud') }, result: true },
        },
      },
    },
  },
  clear: { process_id: 'mask', arguments: { data: node('load'), mask: node('clouds') } },
};

const day = {
  name: 'day',
  description: 'The day to show; the interval of 24 hours from its beginning.',
  schema: { type: 'array', subtype: 'temporal-interval' },
};

/** What `npm start` shows on its map, in this order. */
export const sampleServices: readonly SampleService[] = [
  {
    title: 'True colour without clouds',
    description: 'Median of all dates where the scene classification sees neither cloud nor shadow.',
    process: {
      process_graph: {
        ...load(['B04', 'B03', 'B02']),
        ...cloudFree,
        median: {
          process_id: 'reduce_dimension',
          arguments: { data: node('clear'), dimension: 't', reducer: reducer('median') },
          result: true,
        },
      },
    },
  },
  {
    title: 'NDVI',
    description: 'Highest vegetation index of the year, clouds left out, as a colour map.',
    process: {
      process_graph: {
        ...load(['B04', 'B08']),
        ...cloudFree,
        ndvi: { process_id: 'ndvi', arguments: { data: node('clear') } },
        highest: {
          process_id: 'reduce_dimension',
          arguments: { data: node('ndvi'), dimension: 't', reducer: reducer('max') },
        },
        colours: {
          process_id: 'colormap',
          arguments: { data: node('highest'), palette: 'rdylgn', min: -0.2, max: 0.9 },
        },
        save: {
          process_id: 'save_result',
          arguments: { data: node('colours'), format: 'PNG' },
          result: true,
        },
      },
    },
  },
  {
    title: 'One day, clouds included',
    description:
      'True colour of one date. Another one: add ?day=["2024-08-06","2024-08-07"] to the tile address.',
    process: {
      parameters: [{ ...day, default: ['2024-06-22', '2024-06-23'] }],
      process_graph: {
        ...load(['B04', 'B03', 'B02'], parameter('day')),
        first: {
          process_id: 'reduce_dimension',
          arguments: { data: node('load'), dimension: 't', reducer: reducer('first') },
          result: true,
        },
      },
    },
  },
  {
    title: 'False colour, infrared',
    description:
      'Shortwave infrared, near infrared and red: dry ground is pink, vegetation green, snow blue.',
    process: {
      process_graph: {
        ...load(['B11', 'B08', 'B04']),
        ...cloudFree,
        median: {
          process_id: 'reduce_dimension',
          arguments: { data: node('clear'), dimension: 't', reducer: reducer('median') },
          result: true,
        },
      },
    },
  },
];
