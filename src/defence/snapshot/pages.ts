import { setTimeout as wait } from 'node:timers/promises';
import { apiVersionOf } from '../../api/kind.ts';
import { BodyTooLarge } from '../../client/https-transport.ts';
import { pathOf } from '../../client/resources.ts';
import type { Transport } from '../../client/transport.ts';
import type { ReadKind } from './kinds.ts';

/** Objects a page; smaller ones are asked for where objects are so large that a page goes beyond its bound. */
const pageSizes = [500, 50, 5];
const pagesMax = 2000;
/** A list that is compacted away while it is read begins again; a server that is busy is asked again. */
const beginningsMax = 3;

const metadataList = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

export type Answer = { ok: true } | { ok: false; code: number; why: string };

/**
 * Reads every object of a kind, page by page and all of one resource version. `begin` is told when a list begins (again),
 * `take` gets each item. Rejects when no answer came; what an API server says else is told in the Answer.
 */
export async function readPages(
  transport: Pick<Transport, 'send'>,
  kind: ReadKind,
  { begin, take, busyWaitMs }: { begin(): void; take(item: unknown): void; busyWaitMs: number },
): Promise<Answer> {
  let answer: Answer = { ok: false, code: 0, why: '' };
  for (let beginning = 0; beginning < beginningsMax; beginning++) {
    begin();
    answer = await readOnce(transport, kind, take);
    if (answer.ok || (answer.code !== 410 && answer.code !== 429)) return answer;
    if (answer.code === 429) await wait(busyWaitMs);
  }
  return answer;
}

async function readOnce(
  transport: Pick<Transport, 'send'>,
  kind: ReadKind,
  take: (item: unknown) => void,
): Promise<Answer> {
  let size = 0;
  let token = '';
  for (let page = 0; page < pagesMax; page++) {
    const query = new URLSearchParams({ limit: String(pageSizes[size]), ...(token ? { continue: token } : {}) });
    const request = { method: 'GET', path: `${pathOf(kind, {})}?${query}` } as const;
    let answer: { code: number; body: any };
    try {
      answer = await transport.send(kind.metadataOnly ? { ...request, accept: metadataList } : request);
    } catch (error) {
      if (!(error instanceof BodyTooLarge)) throw error;
      size++;
      if (size === pageSizes.length)
        return { ok: false, code: 200, why: `${pageSizes.at(-1)} objects: ${error.message}` };
      continue;
    }
    const { code, body } = answer;
    if (code !== 200) return { ok: false, code, why: whyNot(code, body) };
    const wrong = whyNoList(body, kind);
    if (wrong !== undefined) return { ok: false, code, why: wrong };
    for (const item of body.items ?? []) take(item);
    const next = body.metadata?.continue;
    if (next === undefined || next === '') return { ok: true };
    if (next === token || typeof next !== 'string')
      return { ok: false, code, why: 'the API server gives the same page again and again' };
    token = next;
  }
  return { ok: false, code: 200, why: `more than ${pagesMax} pages` };
}

function whyNoList(body: any, kind: ReadKind): string | undefined {
  const expected = kind.metadataOnly ? 'PartialObjectMetadataList' : `${kind.kind}List`;
  if (typeof body !== 'object' || body === null) return 'the API server’s answer is no object';
  if (body.kind !== expected)
    return `the API server answered with ${String(body.kind).slice(0, 100)} instead of ${expected}`;
  if (!kind.metadataOnly && body.apiVersion !== apiVersionOf(kind))
    return `the API server answered in ${String(body.apiVersion).slice(0, 100)} instead of ${apiVersionOf(kind)}`;
  return Array.isArray(body.items ?? []) ? undefined : 'the API server’s list has no items';
}

/** `secrets is forbidden: User "x" cannot list …`, of bounded length. */
function whyNot(code: number, body: any): string {
  const message = typeof body?.message === 'string' ? body.message.slice(0, 300) : 'the API server says no more';
  const reasons: Record<number, string> = { 401: 'not logged in', 403: 'forbidden', 404: 'not found' };
  const reason = reasons[code] ?? `code ${code}`;
  return message.includes(reason) ? message : `${reason}: ${message}`;
}
