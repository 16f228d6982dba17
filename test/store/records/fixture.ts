import type { RecordStore, ServiceRecord, UserRecord } from '../../../src/store/records/types';

/** What the tests of a back-end's record store share. */
export interface RecordFixture {
  readonly store: RecordStore;
  /** Where its database is. */
  readonly url: string;
  /**
   * Another store, of the same database unless another is named; it is closed at the end.
   * @param kept how many records a user may keep there
   */
  open(
    address?: string,
    kept?: { readonly jobs?: number; readonly services?: number; readonly storedProcesses?: number },
  ): Promise<RecordStore>;
  /** A new, empty database that takes several connections. */
  newUrl(): Promise<string>;
  /** Runs a statement on a connection that knows nothing of the store; `created` stands for a time. */
  byHand(statement: string): Promise<void>;
}

/** Names that are special to JavaScript, SQL or text processing, and must be plain names here. */
export const awkwardNames = [
  '__proto__',
  'constructor',
  'toString',
  'Zoë 🛰 日本',
  "o'; drop table users; --",
  '%_\\',
  ' ',
  '"double"',
  'a/b?c#d',
];

export function user(id: string, more: Partial<UserRecord> = {}): UserRecord {
  return { id, name: id, roles: [], createdAt: new Date('2026-01-02T03:04:05.678Z'), ...more };
}

export function service(id: string, more: Partial<ServiceRecord> = {}): ServiceRecord {
  const createdAt = new Date('2026-01-02T03:04:05.678Z');
  return {
    id,
    ownerId: 'ann',
    type: 'xyz',
    process: { process_graph: {} },
    configuration: {},
    enabled: true,
    logLevel: 'info',
    revision: 1,
    createdAt,
    updatedAt: createdAt,
    ...more,
  };
}

export async function until(isTrue: () => boolean, timeoutMs = 5000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error('It did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export async function allPages<T>(
  list: (after: string | undefined) => Promise<{ items: readonly T[]; next?: string }>,
): Promise<T[]> {
  const items: T[] = [];
  for (let after: string | undefined; ; ) {
    const page = await list(after);
    items.push(...page.items);
    after = page.next;
    if (after === undefined) return items;
  }
}
