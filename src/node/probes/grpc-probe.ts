import { Client, credentials } from '@grpc/grpc-js';

const serving = 1;

/**
 * Asks `grpc.health.v1.Health/Check`. The two messages are one field each, so they are read and written here:
 * request `string service = 1`, response `enum status = 1`.
 */
export function grpcProbe(host: string, port: number, service: string, timeoutMs: number): Promise<string | undefined> {
  const client = new Client(`${host.includes(':') ? `[${host}]` : host}:${port}`, credentials.createInsecure());
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      '/grpc.health.v1.Health/Check',
      encodeRequest,
      decodeStatus,
      service,
      { deadline: Date.now() + timeoutMs },
      (error, status) => {
        client.close();
        if (error) resolve(`health rpc failed: ${withoutTimes(error.details || error.message)}`);
        else resolve(status === serving ? undefined : `service unhealthy: status ${status}`);
      },
    );
  });
}

/** The library says when it last failed: a message that differs each time would be a new event each time. */
export const withoutTimes = (details: string): string =>
  details
    .replace(/ \(\d{4}-\d\d-\d\dT[\d:.]+Z\)/g, '')
    .replace(/\. Resolution note: *$/, '')
    .trimEnd();

export function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service).subarray(0, 127);
  return name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
}

/** Field 1, varint. An absent field is 0, UNKNOWN. */
export const decodeStatus = (bytes: Buffer): number => (bytes[0] === 0x08 ? (bytes[1] ?? 0) : 0);
