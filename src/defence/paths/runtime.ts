import type { Manifest } from '../contract.ts';
import { refKey, refOf, refText } from '../object-ref.ts';
import { tokenOwner } from '../snapshot/token-owner.ts';
import { namespaceOf, type Workload } from '../snapshot/workloads.ts';
import { isMirror, isUnchangeable, podOf } from '../workload.ts';
import { nodesOf, type Places } from './effects.ts';
import { closeEscapes, escapeOf } from './escape.ts';
import { costs, type Edit, type Lever } from './graph.ts';
import type { Model } from './model.ts';

/** From pods to what they hold and where they run, and from nodes to what runs on them. */
export function addRuntime(places: Places, model: Model): void {
  for (const workload of model.workloads) {
    addHeld(places, model, workload);
    addEscape(places, model, workload);
    addNode(places, workload);
  }
  for (const secret of model.snapshot.of('Secret')) addTokenSecret(places, namespaceOf(secret), secret);
  addControlPlanes(places, model);
}

function addHeld(places: Places, model: Model, workload: Workload): void {
  const { namespace, account, token, secrets, ref } = workload;
  const from = places.workload(workload);
  if (token !== undefined)
    places.graph.hop(from, places.account(namespace, account), {
      ...{ cost: costs.command, why: `reads its token (${token})`, by: [ref], lever: withoutToken(model, workload) },
    });
  for (const [name, place] of secrets) {
    const about = { kind: 'Secret', namespace, name };
    places.graph.hop(from, places.secret(namespace, name), {
      ...{ cost: costs.command, why: `reads it (${place})`, by: [ref, about] },
    });
  }
}

function addEscape(places: Places, model: Model, workload: Workload): void {
  const way = escapeOf(workload.spec);
  if (way === undefined) return;
  const { graph } = places;
  const from = places.workload(workload);
  const out = graph.place(`escape:${from.id}`, 'between', `root beside ${from.text}`);
  const { cost, why, field } = way;
  const { ref } = workload;
  const lever = escapeLever(model, workload, from.id, field);
  graph.hop(from, out, { cost, why: `${why} (${field})`, by: [ref], ...(lever && { lever }) });
  for (const node of nodesOf(workload))
    graph.hop(out, places.node(node), { cost: costs.given, why: 'runs there', by: [] });
}

/**
 * What takes the escape out of a workload. The control plane's own pods are what they are; what else belongs to the
 * cluster itself needs its node, so that is for a person to decide.
 */
function escapeLever(model: Model, workload: Workload, about: string, field: string): Lever | undefined {
  const { ref, object, namespace } = workload;
  if (isMirror(object)) return undefined;
  const text = `take ${field} out of ${refText(ref)}`;
  if (namespace !== 'kube-system') return podLever(model, workload, { type: 'pod', about, text }, closeEscapes);
  return { type: 'part', about, text: `${text}, a part of the cluster itself` };
}

/** Who holds a node holds its pods; the kubelet’s credentials give tokens of every ServiceAccount that they run as. */
function addNode(places: Places, workload: Workload): void {
  const { graph } = places;
  const place = places.workload(workload);
  const account = places.account(workload.namespace, workload.account);
  for (const name of nodesOf(workload)) {
    const node = places.node(name);
    // Where no node is known, two pods are on the same one only by chance.
    const cost = workload.nodes.length > 0 ? costs.command : costs.waiting;
    const by = [workload.ref];
    graph.hop(node, place, { cost, why: 'is inside every pod that runs there', by });
    // A static pod may name no ServiceAccount.
    if (isMirror(workload.object)) continue;
    graph.hop(node, account, { cost, why: 'asks for its token with the kubelet’s credentials', by });
  }
}

function addTokenSecret(places: Places, namespace: string, secret: Parameters<typeof tokenOwner>[0]): void {
  const owner = tokenOwner(secret);
  if (owner === undefined) return;
  places.graph.hop(places.secret(namespace, secret.metadata.name), places.account(namespace, owner), {
    ...{ cost: costs.command, why: 'is a token without end', by: [refOf(secret)] },
    lever: {
      ...{ type: 'pod', about: `secret:${namespace}/${secret.metadata.name}` },
      text: `remove Secret ${namespace}/${secret.metadata.name}: pods have tokens that expire`,
      edit: { target: refOf(secret), to: () => undefined },
    },
  });
}

const controlPlaneLabel = 'node-role.kubernetes.io/control-plane';
const controlPlaneParts = new Set(['kube-apiserver', 'etcd', 'kube-controller-manager']);

/** The keys of the cluster lie where its API server and its store run. */
function addControlPlanes(places: Places, model: Model): void {
  const labelled = model.snapshot
    .of('Node')
    .filter(({ metadata }) => metadata.labels?.[controlPlaneLabel] !== undefined)
    .map(({ metadata }) => metadata.name);
  const running = model
    .workloadsIn('kube-system')
    .filter(({ labels }) => controlPlaneParts.has(labels['component'] ?? ''))
    .flatMap(({ nodes }) => nodes);
  for (const name of new Set([...labelled, ...running]))
    places.graph.hop(places.node(name), places.gain('everything', ''), {
      ...{
        cost: costs.command,
        why: 'holds the keys of the control plane',
        by: [{ kind: 'Node', namespace: '', name }],
      },
    });
}

/** Every kind keeps its pod somewhere else; what a template says counts for the pods to come. */
function withoutToken(model: Model, workload: Workload): Lever {
  const { ref, token, account, namespace } = workload;
  const [what, about] = [refText(ref), `sa:${namespace}/${account}`];
  if (token !== 'automountServiceAccountToken') return { type: 'token', about, text: `take ${token} out of ${what}` };
  const text = `set automountServiceAccountToken: false in ${what} (it runs as ${account})`;
  return podLever(model, workload, { type: 'token', about, text }, (spec) => {
    spec['automountServiceAccountToken'] = false;
    // Pods that live already have the volume that admission gave them.
    if (Array.isArray(spec['volumes']))
      spec['volumes'] = spec['volumes'].filter((volume: any) => !/^kube-api-access-/.test(volume?.name ?? ''));
  });
}

/**
 * A change of the pod in whatever makes it. One that lives stays as it is: where its controller makes others otherwise,
 * it can go; else somebody has to make it anew.
 */
function podLever(
  { snapshot }: Model,
  { object, ref, top }: Workload,
  lever: Omit<Lever, 'edit'>,
  change: (spec: Record<string, any>) => void,
): Lever {
  if (snapshot.source === 'manifests' || !isUnchangeable(object)) return { ...lever, edit: editPod(object, change) };
  const what = refText(ref);
  if (refKey(top) !== refKey(ref)) {
    const text = `delete ${what}, which is not as ${refText(top)} makes its pods`;
    return { ...lever, text, edit: { target: refOf(object), to: () => undefined } };
  }
  return { ...lever, text: `make ${what} anew, which nobody changes while it lives: ${lever.text}` };
}

/** An edit of the pod in whatever makes it. */
function editPod(object: Manifest, change: (spec: Record<string, any>) => void): Edit {
  return {
    target: refOf(object),
    to(found) {
      const copy = structuredClone(found);
      const pod = copy && podOf(copy)?.pod;
      if (pod) change(pod.spec);
      return copy;
    },
  };
}
