import type { Kind } from '../api/kind.ts';
import { apiVersionOf } from '../api/kind.ts';
import type { KubernetesObject } from '../api/object.ts';
import { notFound } from '../api/status.ts';
import type { UserInfo } from '../api/user.ts';
import type { Entry } from '../store/store.ts';
import { type Context, objectReply, type Reply } from './context.ts';
import { decodeObject } from './verbs/decode.ts';
import { readContinue, readLimit, tokenOf } from './verbs/list.ts';
import { readSelectors } from './verbs/selectors.ts';

export type VirtualRequest = {
  user: UserInfo;
  /** Undefined: of all namespaces. */
  namespace: string | undefined;
  /** What the server does not know itself: `since`. Selectors, names and pages are its own. */
  query: URLSearchParams;
};

/** A kind whose verbs are answered by functions instead of the store: what is measured or seen, not wanted. */
export type VirtualKind = {
  kind: Kind;
  /** Answers list and get. Objects need neither kind nor apiVersion; pages follow namespace, `rank` and name. */
  list?(request: VirtualRequest): KubernetesObject[] | Promise<KubernetesObject[]>;
  /** What stands first within a namespace; of an object it never changes. */
  rank?(object: KubernetesObject): number;
  /** Answers create; what it returns is shown to the client and kept by nobody but itself. */
  create?(object: KubernetesObject, request: VirtualRequest): KubernetesObject | Promise<KubernetesObject>;
};

type Declared = Pick<Kind, 'group' | 'version' | 'kind' | 'resource' | 'namespaced' | 'verbs'> &
  Partial<Pick<Kind, 'singular' | 'shortNames' | 'columns' | 'wholeTable' | 'selectableFields'>> & {
    /** What it is, in one sentence. */
    description: string;
  };

/** A kind of any fields, as no facts describe it. */
export const virtualKind = ({ description, ...declared }: Declared): Kind => ({
  ...{ singular: '', shortNames: [], categories: [], selectableFields: {}, columns: [] },
  ...{ subresources: { status: false, others: [] }, hasGeneration: false },
  schema: { type: 'object', description, 'x-kubernetes-preserve-unknown-fields': true },
  defaults() {},
  prepareCreate() {},
  prepareUpdate() {},
  validate: () => [],
  validateStatus: () => [],
  ...declared,
});

export async function answerVirtual(virtual: VirtualKind, context: Context): Promise<Reply> {
  const { kind, target, user } = context;
  const namespace = kind.namespaced && target.namespace !== '' ? target.namespace : undefined;
  const request: VirtualRequest = { user, namespace, query: target.query };
  if (target.verb === 'create') {
    const object = await decodeObject(context);
    return objectReply(kind, withType(kind, await virtual.create!(object, request)), 201);
  }
  const objects = await virtual.list!(request);
  if (target.name === '') return pageOf(context, objects, virtual.rank ?? (() => 0));
  const found = objects.find(({ metadata }) => metadata.name === target.name);
  if (found === undefined) throw notFound({ group: kind.group, resource: kind.resource, name: target.name });
  return objectReply(kind, withType(kind, found));
}

const withType = (kind: Kind, object: KubernetesObject): KubernetesObject => ({
  ...object,
  ...{ kind: kind.kind, apiVersion: apiVersionOf(kind) },
});

/** Pages are of what is there when each is asked for: nothing remembers what was. */
function pageOf(
  { kind, target: { query } }: Context,
  objects: KubernetesObject[],
  rank: (object: KubernetesObject) => number,
): Reply {
  const matches = readSelectors(kind, query) ?? (() => true);
  const limit = readLimit(query);
  const after = readContinue(query.get('continue'), '')?.after ?? '';
  const place = (object: KubernetesObject) =>
    `${object.metadata.namespace ?? ''}/${rank(object)}/${object.metadata.name}`;
  const rest = objects
    .filter(matches)
    .map((object) => [place(object), object] as const)
    .filter(([key]) => key > after)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const page = limit === undefined ? rest : rest.slice(0, limit);
  const entries = page.map(([key, object]) => entryOf(key, withType(kind, object)));
  const more = page.length < rest.length ? { continue: tokenOf(-1, page.at(-1)![0]) } : {};
  return { code: 200, body: { form: 'list', kind, entries, metadata: { resourceVersion: '', ...more } } };
}

const entryOf = (key: string, object: KubernetesObject): Entry => ({
  ...{ key, value: Buffer.from(JSON.stringify(object)), createRevision: 0, modRevision: 0 },
});
