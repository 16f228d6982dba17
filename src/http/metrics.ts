import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

/** Figures of this process for Prometheus. */
export interface Metrics {
  readonly registry: Registry;
  observeRequest(method: string, route: string, status: number, seconds: number): void;
  close(): void;
}

/** @param options.isProcessMeasured memory, CPU and event loop too; once per process */
export function createMetrics(options: { readonly isProcessMeasured?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.isProcessMeasured) collectDefaultMetrics({ register: registry, prefix: 'tilegraph_' });
  const durations = new Histogram({
    name: 'tilegraph_http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its response',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
    registers: [registry],
  });
  return {
    registry,
    observeRequest: (method, route, status, seconds) => durations.observe({ method, route, status }, seconds),
    close: () => registry.clear(),
  };
}
