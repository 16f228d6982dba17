import { Bytes, undefinedAddress } from './bytes';

/** Gives out addresses in the order in which pieces are written. */
export interface Place {
  /** The address that the next piece will have. */
  readonly address: number;
  /** @returns the address of the piece */
  put(bytes: Uint8Array): number;
}

/** A chunk of a dataset in the file. */
export interface StoredChunk {
  /** Of its first value, along each dimension. */
  readonly offset: readonly number[];
  readonly address: number;
  readonly size: number;
}

/** Children of a node of the trees of chunks: 2K with the K = 32 that version 0 of the superblock implies. */
const chunkChildren = 64;
/** K of the trees of groups; each of ours has one node with one child. */
const groupInternalK = 16;

interface Child {
  readonly key: Buffer;
  readonly address: number;
}

/**
 * Puts the tree in which HDF5 finds the chunks of a dataset (version 1 B-tree, III.A.1).
 * @param lengths of the dataset
 * @returns the address of its root
 */
export function putChunkTree(
  place: Place,
  chunks: readonly StoredChunk[],
  lengths: readonly number[],
  chunk: readonly number[],
): number {
  const key = (offset: readonly number[], size: number) =>
    new Bytes()
      .u32(size, 0)
      .u64(...offset, 0)
      .done();
  const end = key(
    lengths.map((length, axis) => (axis === 0 ? Math.ceil(length / chunk[0]) * chunk[0] : 0)),
    0,
  );
  const sorted = [...chunks].sort((one, other) => {
    const axis = one.offset.findIndex((at, index) => at !== other.offset[index]);
    return axis < 0 ? 0 : one.offset[axis] - other.offset[axis];
  });
  let children: Child[] = sorted.map(({ offset, address, size }) => ({ key: key(offset, size), address }));
  for (let level = 0; ; level++) {
    const nodes: Child[] = [];
    const nodeSize = 24 + chunkChildren * 8 + (chunkChildren + 1) * end.length;
    const first = place.address;
    const count = Math.ceil(children.length / chunkChildren);
    for (let index = 0; index < count; index++) {
      const own = children.slice(index * chunkChildren, (index + 1) * chunkChildren);
      const neighbour = (at: number) => (at >= 0 && at < count ? first + at * nodeSize : undefinedAddress);
      const node = new Bytes()
        .raw(Buffer.from('TREE'))
        .u8(1, level)
        .u16(own.length)
        .u64(neighbour(index - 1), neighbour(index + 1));
      for (const child of own) node.raw(child.key).u64(child.address);
      node.raw(children[(index + 1) * chunkChildren]?.key ?? end);
      const address = place.put(node.zeros(nodeSize - node.length).done());
      nodes.push({ key: own[0].key, address });
    }
    if (nodes.length === 1) return nodes[0].address;
    children = nodes;
  }
}

/** Puts the names and the members of a group. Returns the addresses of its tree and its heap. */
export function putGroup(
  place: Place,
  members: ReadonlyMap<string, number>,
): { readonly tree: number; readonly heap: number; readonly leafK: number } {
  const names = new Bytes().zeros(8);
  const entries = [...members]
    .map(([name, address]) => ({ name: Buffer.from(`${name}\0`), address }))
    .sort((one, other) => Buffer.compare(one.name, other.name))
    .map(({ name, address }) => {
      const at = names.length;
      names.raw(name).pad8();
      return { at, address };
    });
  const heapData = place.put(names.done());
  const heap = place.put(new Bytes().raw(Buffer.from('HEAP')).zeros(4).u64(names.length, 1, heapData).done());
  const leafK = Math.max(4, Math.ceil(entries.length / 2));
  const leaf = new Bytes().raw(Buffer.from('SNOD')).u8(1, 0).u16(entries.length);
  for (const { at, address } of entries) leaf.u64(at, address).zeros(24);
  const leafAddress = place.put(leaf.zeros(8 + leafK * 80 - leaf.length).done());
  const tree = new Bytes()
    .raw(Buffer.from('TREE'))
    .u8(0, 0)
    .u16(1)
    .u64(undefinedAddress, undefinedAddress, 0, leafAddress, entries.at(-1)?.at ?? 0);
  const treeSize = 24 + groupInternalK * 16 + (groupInternalK * 2 + 1) * 8;
  return { tree: place.put(tree.zeros(treeSize - tree.length).done()), heap, leafK };
}

/** Objects of a collection are numbered by 16 bits. */
const maxHeapObjects = 60_000;

/**
 * Puts values of any length into global heaps.
 * @param count of each value as its type counts: bytes of text, elements of a list
 * @returns what stands for each value where it is used
 */
export function putGlobalHeap(
  place: Place,
  values: readonly { readonly bytes: Uint8Array; readonly count: number }[],
): Buffer[] {
  const references: Buffer[] = [];
  for (let from = 0; from < values.length; from += maxHeapObjects) {
    const part = values.slice(from, from + maxHeapObjects);
    const objects = new Bytes();
    const { address } = place;
    part.forEach(({ bytes, count }, index) => {
      if (bytes.length === 0) {
        references.push(Buffer.alloc(16));
        return;
      }
      objects
        .u16(index + 1, 1)
        .u32(0)
        .u64(bytes.length)
        .raw(bytes)
        .pad8();
      references.push(
        new Bytes()
          .u32(count)
          .u64(address)
          .u32(index + 1)
          .done(),
      );
    });
    // A collection is at least 4096 bytes; what is left of it is object 0, which says how much that is.
    const rest = Math.max(16, 4096 - 16 - objects.length);
    const size = 16 + objects.length + rest;
    place.put(
      new Bytes()
        .raw(Buffer.from('GCOL'))
        .u8(1, 0, 0, 0)
        .u64(size)
        .raw(objects.done())
        .u16(0, 0)
        .u32(0)
        .u64(rest)
        .zeros(rest - 16)
        .done(),
    );
  }
  return references;
}

/** The beginning of the file: version 0 of the superblock, for readers of every age. */
export function superblock(root: number, tree: number, heap: number, leafK: number, end: number): Buffer {
  return new Bytes()
    .raw(Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'))
    .u8(0, 0, 0, 0, 0, 8, 8, 0)
    .u16(leafK, groupInternalK)
    .u32(0)
    .u64(0, undefinedAddress, end, undefinedAddress)
    .u64(0, root)
    .u32(1, 0)
    .u64(tree, heap)
    .done();
}

export const superblockBytes = 96;
