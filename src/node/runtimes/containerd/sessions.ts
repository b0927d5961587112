import type { Duplex } from 'node:stream';
import type { StreamOptions, StreamSession } from '../runtime.ts';
import type { Connection } from './connection.ts';

export async function execSession(
  c: Connection,
  id: string,
  command: string[],
  streams: StreamOptions,
): Promise<StreamSession> {
  throw new Error('not yet');
}
export async function attachSession(c: Connection, id: string, streams: StreamOptions): Promise<StreamSession> {
  throw new Error('not yet');
}
export async function portConnection(c: Connection, id: string, port: number): Promise<Duplex> {
  throw new Error('not yet');
}
