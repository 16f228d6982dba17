import { LRUCache } from 'lru-cache';
import { printableUrl } from '../../base/addresses';
import { OpenEOError } from '../../base/errors';
import type { HttpClient } from '../../base/net';
import { isJsonObject } from '../shape';

type Json = Readonly<Record<string, unknown>>;

const maxBytes = 5 * 1024 * 1024;
const timeoutMs = 10_000;
/** Long enough for the tiles of a view, short enough for authors who try out a change. */
const keptMs = 60_000;
/** What failed is tried again sooner. */
const failureKeptMs = 5_000;

/**
 * Finds processes that are published at addresses: a process alone, or a list of complete ones (openEO extension
 * "remote process definition" 0.1.0). No credentials are ever sent. Documents are kept for a minute.
 */
export function createRemoteProcesses(http: HttpClient): (url: string, id: string) => Promise<Json> {
  const documents = new LRUCache<string, Promise<unknown>>({ max: 200, ttl: keptMs });

  function fetchDocument(url: string): Promise<unknown> {
    const known = documents.get(url);
    if (known) return known;
    const loading = http.json(url, { maxBytes, timeoutMs, headers: { accept: 'application/json' } });
    documents.set(url, loading);
    loading.catch(() => documents.set(url, loading, { ttl: failureKeptMs }));
    return loading;
  }

  return async (namespace, process) => {
    const refuse = (reason: string, cause?: unknown): OpenEOError =>
      new OpenEOError(
        'ProcessNamespaceInvalid',
        { process, namespace: printableUrl(namespace), reason },
        { cause },
      );
    let document: unknown;
    try {
      document = await fetchDocument(namespace);
    } catch (error) {
      if (!(error instanceof OpenEOError)) throw error;
      throw refuse(error.message, error);
    }
    if (!isJsonObject(document)) throw refuse('there is neither a process nor a list of processes.');
    const found = Array.isArray(document.processes)
      ? document.processes.find((item): item is Json => isJsonObject(item) && item.id === process)
      : document;
    if (!found) throw refuse(`the list there has no process ${process}.`);
    if (found.id !== process)
      throw refuse(`the process there is called ${JSON.stringify(found.id ?? null).slice(0, 100)}.`);
    if (!isJsonObject(found.process_graph))
      throw refuse('its description has no process graph, so that it cannot be run here.');
    return found;
  };
}
