import { type LogFields, type Logger, type LogLevel, teeLogger } from '../../base/logger';
import type { LogRecord, RecordStore } from './types';

const severity: Readonly<Record<LogLevel, number>> = { error: 3, warning: 2, info: 1, debug: 0 };
const flushMs = 200;
const maxPending = 1000;

/** The part of a record's `data` that owners may see: what a graph reported, not request internals. */
function visible(fields: LogFields): Pick<LogRecord, 'code' | 'data' | 'path'> {
  const { code, data, path } = fields as { code?: string; data?: unknown; path?: LogRecord['path'] };
  return { code, data, path };
}

/** Writes what graphs report to the logs of services and jobs, in batches, so that a tile never waits for its log. */
export class SubjectLogs {
  #pending: Omit<LogRecord, 'id'>[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly records: Pick<RecordStore, 'logs'>,
    private readonly logger: Logger,
  ) {}

  /** A logger whose events of at least `level` also reach the log of a service or a job. */
  loggerFor(kind: 'service' | 'job', id: string, level: LogLevel): Logger {
    const child = this.logger.child({ [kind]: id });
    return teeLogger(child, (eventLevel, message, fields) => {
      if (severity[eventLevel] < severity[level] || this.#pending.length >= maxPending) return;
      this.#pending.push({
        subject: `${kind}:${id}`,
        level: eventLevel,
        message,
        time: new Date(),
        ...visible(fields),
      });
      this.#timer ??= setTimeout(() => void this.flush(), flushMs).unref();
    });
  }

  /** Writes what is waiting and waits for what is being written; called before logs are read and when the server stops. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  /** All that has come together while the last ones were written go in one transaction. */
  async #write(): Promise<void> {
    const entries = this.#pending;
    if (entries.length === 0) return;
    this.#pending = [];
    try {
      await this.records.logs.append(entries);
    } catch (error) {
      this.logger.warning('Log entries were lost', { entries: entries.length, error });
    }
  }
}
