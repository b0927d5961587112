import type { UserInfo } from '../../api/user.ts';
import { type Client, createClient } from '../../client/client.ts';
import type { InProcess } from '../../server/server.ts';

/** A client that asks as `username` through the server's own pipeline, without a connection in between. */
export function inProcessClient(server: InProcess, username: string, groups: string[] = []): Client {
  const user: UserInfo = { username, groups: [...groups, 'system:authenticated'] };
  return createClient({
    send: (request) => server.call(user, request),
    stream: (request, onEvent, signal) => server.stream(user, request, onEvent, signal),
    close() {},
  });
}
