import type { UserInfo } from '../api/user.ts';
import { type Client, createClient } from './client.ts';
import type { Transport, TransportRequest, TransportResponse } from './transport.ts';

/** The API server of this process, as its room opens it. */
type InProcess = {
  call(user: UserInfo, request: TransportRequest): Promise<TransportResponse>;
  stream(user: UserInfo, request: TransportRequest, onEvent: (event: any) => void, signal: AbortSignal): Promise<void>;
};

/** Asks as `user` through the server's own pipeline, without a connection in between. */
export const inProcessTransport = (server: InProcess, user: UserInfo): Transport => ({
  send: (request) => server.call(user, request),
  stream: (request, onEvent, signal) => server.stream(user, request, onEvent, signal),
  close() {},
});

/** A client that asks as `username`, who is in system:authenticated like everybody with a name. */
export const inProcessClient = (server: InProcess, username: string, groups: string[] = []): Client =>
  createClient(inProcessTransport(server, { username, groups: [...groups, 'system:authenticated'] }));
