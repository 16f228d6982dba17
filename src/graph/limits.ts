import type { Issues } from './issue';
import type { Size } from './linked';

/** How large a process graph may be, everything that it calls written out. */
export interface GraphLimits {
  readonly nodes: number;
  /** Process graphs inside each other, callbacks and graph-defined processes alike; 0: none. */
  readonly depth: number;
}

/** Adds an issue for each limit that is exceeded. */
export function checkSize(size: Size, limits: GraphLimits, issues: Issues): void {
  if (size.nodes > limits.nodes) {
    const reason = `with all that it calls it has ${size.nodes} nodes, and ${limits.nodes} are allowed.`;
    issues.add('ProcessGraphComplexity', { reason });
  }
  if (size.depth > limits.depth) {
    const reason = `process graphs nest ${size.depth} levels deep in it, and ${limits.depth} are allowed.`;
    issues.add('ProcessGraphComplexity', { reason });
  }
}
