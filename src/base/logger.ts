import pino from 'pino';

/** The log levels of openEO. */
export type LogLevel = 'error' | 'warning' | 'info' | 'debug';

/** What an event carries beside its message; never a secret. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A structured logger. It is always an argument, never a global. */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warning(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** A logger that adds these fields (request, service, job, node) to every event. */
  child(fields: LogFields): Logger;
}

/** Receives every event as well, for example to keep a service's log in the store. */
export type LogSink = (level: LogLevel, message: string, fields: LogFields) => void;

const levels = { error: 'error', warning: 'warn', info: 'info', debug: 'debug' } as const;

function wrap(target: pino.Logger, inherited: LogFields, sink?: LogSink): Logger {
  const write =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      target[levels[level]](fields, message);
      sink?.(level, message, { ...inherited, ...fields });
    };
  return {
    error: write('error'),
    warning: write('warning'),
    info: write('info'),
    debug: write('debug'),
    child: (fields) => wrap(target.child(fields), { ...inherited, ...fields }, sink),
  };
}

/** One JSON line per event on standard error (or `destination`). */
export function createLogger(
  level: LogLevel,
  destination: pino.DestinationStream = pino.destination({ dest: 2, sync: true }),
): Logger {
  const options: pino.LoggerOptions = {
    level: levels[level],
    base: null,
    messageKey: 'message',
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label === 'warn' ? 'warning' : label }) },
    serializers: { error: pino.stdSerializers.err },
  };
  return wrap(pino(options, destination), {});
}

/** The same logger, whose events also reach `sink`. */
export function teeLogger(logger: Logger, sink: LogSink, inherited: LogFields = {}): Logger {
  const both =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      logger[level](message, fields);
      sink(level, message, { ...inherited, ...fields });
    };
  return {
    error: both('error'),
    warning: both('warning'),
    info: both('info'),
    debug: both('debug'),
    child: (fields) => teeLogger(logger.child(fields), sink, { ...inherited, ...fields }),
  };
}

/** Swallows everything; for tests and for library use. */
export const silentLogger: Logger = {
  error: () => {},
  warning: () => {},
  info: () => {},
  debug: () => {},
  child: () => silentLogger,
};
