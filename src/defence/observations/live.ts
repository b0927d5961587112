import { createCollection, observationsOf } from '../../api/observations/collection.ts';
import { decodeLine } from '../../api/observations/lines.ts';
import { noObservations, type Observations } from '../../api/observations/observation.ts';
import { withWindow } from '../../api/observations/windows.ts';
import { type Client, errorOf } from '../../client/client.ts';

const group = '/apis/defence.rempart.io/v1alpha1';
const pageSize = 2000;
/** More than a cluster keeps of all types together: whoever answers without end is not one of ours. */
const pagesMax = 50;

export type Selection = { sinceMs?: number; fieldSelector?: string; namespace?: string };
/** `why` there is nothing, and no window either: then nothing is known. */
export type Live = { observations: Observations; why?: string };

/** What a cluster of Rempart has observed. Throws when it cannot be asked. */
export async function readLiveObservations(client: Client, selection: Selection, nowMs: number): Promise<Live> {
  const collection = createCollection();
  const { windows } = noObservations();
  let token: string | undefined;
  for (let page = 0; page < pagesMax; page++) {
    const { code, body } = await client.raw('GET', `${pathOf(selection)}?${queryOf(selection, token)}`);
    const why = whyNot(code, body);
    if (why !== undefined) return { observations: noObservations(), why };
    if (code !== 200) throw errorOf(code, body);
    for (const item of body.items ?? []) {
      const line = decodeLine(item, nowMs);
      if (line?.type === 'window') windows[line.of] = withWindow(windows[line.of], line.window, 0);
      else if (line !== undefined) collection.add(line.type, line.observed as never);
    }
    token = body.metadata?.continue || undefined;
    if (token === undefined) break;
  }
  return { observations: observationsOf(collection, windows) };
}

const pathOf = ({ namespace }: Selection) =>
  `${group}${namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`}/observations`;

/** Another cluster answers 404, or 403 to whoever may not see what there is. */
function whyNot(code: number, body: { message?: string }): string | undefined {
  if (code === 404)
    return 'it observes nothing: it is no cluster of Rempart, or was started with --relax observations=off';
  return code === 403 ? `what it observed may not be read: ${body?.message}` : undefined;
}

function queryOf({ sinceMs, fieldSelector }: Selection, token: string | undefined): string {
  const query = new URLSearchParams({ limit: String(pageSize) });
  if (token !== undefined) query.set('continue', token);
  if (sinceMs !== undefined) query.set('since', new Date(sinceMs).toISOString());
  if (fieldSelector !== undefined) query.set('fieldSelector', fieldSelector);
  return query.toString();
}
