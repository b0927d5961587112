import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import type { TestServer } from './start.ts';

export type Asked = { code: number; headers: IncomingHttpHeaders; text: string; json: any };
export type Ask = { method?: string; headers?: Record<string, string>; body?: string | Buffer; user?: string | null };

/** One request over TLS on a connection of its own, as `user` (null: nobody). */
export function ask({ url, authority }: TestServer, path: string, options: Ask = {}): Promise<Asked> {
  const { method = 'GET', headers = {}, body, user = 'tester' } = options;
  const bearer: Record<string, string> = user === null ? {} : { Authorization: `Bearer ${user}` };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${url}${path}`,
      { method, agent: false, ca: authority.certificate, headers: { ...bearer, ...headers } },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = /json/.test(answer.headers['content-type'] ?? '') && text.startsWith('{');
          resolve({
            code: answer.statusCode!,
            headers: answer.headers,
            text,
            json: isJson ? tryParse(text) : undefined,
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** A watch is many lines: then there is no one value. */
function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The events of a watch that ended. */
export const eventsOf = ({ text }: Asked): any[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
