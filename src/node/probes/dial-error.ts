/** What the kernel's refusals are called in the events that people know and alerts look for (Go's net package). */
const texts: Record<string, string> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'connect: connection timed out',
  ENOTFOUND: 'lookup: no such host',
};

/** `10.0.0.1:8080`, or `[fd00::1]:8080`. */
export const endpointOf = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** `dial tcp 10.0.0.1:8080: connect: connection refused`; errors of an open connection are told as they are. */
export function dialError(host: string, port: number, error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNRESET') return error.syscall === undefined ? 'EOF' : 'read: connection reset by peer';
  const text = texts[error.code ?? ''];
  return text === undefined ? error.message : `dial tcp ${endpointOf(host, port)}: ${text}`;
}
