import { pino } from 'pino';

/** Structured log lines, one JSON object each. Field names are the field's own: `pod`, `namespace`, `error`. */
export type Log = {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
  child(fields: object): Log;
};

/** What never reaches a log, wherever it stands in the fields. */
const secretPaths = ['token', 'password', 'authorization', 'data', 'stringData', 'key'].flatMap((name) => [
  name,
  `*.${name}`,
  `*.*.${name}`,
]);

/**
 * A log on standard error, or whose lines `destination` takes. `level` is one of pino's: debug, info, warn, error,
 * silent.
 */
export function createLog(name: string, level = 'info', destination?: { write(line: string): void }): Log {
  const options = { name, level, redact: { paths: secretPaths, censor: '[redacted]' }, base: { name } };
  return wrap(pino(options, destination ?? pino.destination({ dest: 2, sync: true })));
}

function wrap(logger: import('pino').Logger): Log {
  return {
    debug: (message, fields = {}) => logger.debug(withError(fields), message),
    info: (message, fields = {}) => logger.info(withError(fields), message),
    warn: (message, fields = {}) => logger.warn(withError(fields), message),
    error: (message, fields = {}) => logger.error(withError(fields), message),
    child: (fields) => wrap(logger.child(fields)),
  };
}

/** Errors are not enumerable: say their message and stack, and the causes beneath. */
function withError(fields: object): object {
  const error = 'error' in fields ? fields.error : undefined;
  if (!(error instanceof Error)) return fields;
  return { ...fields, error: error.message, stack: error.stack, cause: causes(error) };
}

function causes(error: Error): string[] | undefined {
  const messages: string[] = [];
  for (let cause = error.cause; cause instanceof Error && messages.length < 8; cause = cause.cause)
    messages.push(cause.message);
  return messages.length > 0 ? messages : undefined;
}

export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};
