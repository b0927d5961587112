import { podSecurityLabel } from '../../api/pod-security/modes.ts';
import { serviceAccountOf } from '../../api/rbac/identity.ts';
import type { Grant } from '../../api/rbac/role-index.ts';
import type { Subject } from '../../api/rbac/subject.ts';
import { type Workload, workloadText } from '../snapshot/workloads.ts';
import { costs, type GraphBuilder, type Lever, type Place } from './graph.ts';
import type { Model } from './model.ts';
import type { Gain } from './primitives.ts';

/** Places by what they stand for. A gain is made, with all it leads to, when somebody asks for it. */
export type Places = {
  graph: GraphBuilder;
  gain(gain: Gain, namespace: string): Place;
  subject(subject: Subject): Place;
  account(namespace: string, name: string): Place;
  secret(namespace: string, name: string): Place;
  node(name: string): Place;
  workload(workload: Workload): Place;
  /** Holding a role in a namespace or (empty) everywhere. */
  role(grant: Pick<Grant, 'namespace' | 'role'>): Place;
};

const inNamespace = (namespace: string) => (namespace === '' ? 'of every namespace' : `of namespace ${namespace}`);

const gainTexts: Record<Gain, (namespace: string) => string> = {
  secrets: (namespace) => `every Secret ${inNamespace(namespace)}`,
  pods: (namespace) => `every pod ${inNamespace(namespace)}`,
  run: (namespace) => `pods of one’s own making ${inNamespace(namespace)}`,
  accounts: (namespace) => `every ServiceAccount ${inNamespace(namespace)}`,
  users: () => 'every user',
  roles: (namespace) => `every Role ${inNamespace(namespace)}`,
  everything: (namespace) => (namespace === '' ? 'cluster-admin' : `every right in namespace ${namespace}`),
  nodes: () => 'every node',
};

/** The place for nodes that are not known by name: manifests run somewhere. */
const someNode = '?';

export function createPlaces(graph: GraphBuilder, model: Model): Places {
  const gain: Places['gain'] = (what, namespace) => {
    const where = what === 'nodes' || what === 'users' ? '' : namespace;
    const id = what === 'everything' && where === '' ? 'cluster-admin' : `${what}@${where}`;
    const known = graph.find(id);
    if (known !== undefined) return known;
    const place = graph.place(id, id === 'cluster-admin' ? 'cluster-admin' : 'between', gainTexts[what](where));
    spread(places, model, what, where, place);
    return place;
  };
  const places: Places = {
    graph,
    gain,
    subject(subject) {
      if (subject.kind === 'ServiceAccount') return places.account(subject.namespace, subject.name);
      if (subject.kind === 'Group') return graph.place(`group:${subject.name}`, 'group', `group ${subject.name}`);
      const account = serviceAccountOf(subject.name);
      if (account !== undefined) return places.account(account.namespace, account.name);
      return graph.place(`user:${subject.name}`, 'user', `user ${subject.name}`);
    },
    account: (namespace, name) =>
      graph.place(`sa:${namespace}/${name}`, 'account', `ServiceAccount ${namespace}/${name}`, {
        ...{ kind: 'ServiceAccount', namespace, name },
      }),
    secret: (namespace, name) =>
      graph.place(`secret:${namespace}/${name}`, 'secret', `Secret ${namespace}/${name}`, {
        ...{ kind: 'Secret', namespace, name },
      }),
    node: (name) =>
      name === someNode
        ? graph.place(`node:${someNode}`, 'node', 'the node that it runs on')
        : graph.place(`node:${name}`, 'node', `node ${name}`, { kind: 'Node', namespace: '', name }),
    workload: (workload) => {
      const { kind, namespace, name } = workload.ref;
      return graph.place(`workload:${kind}/${namespace}/${name}`, 'workload', workloadText(workload), workload.ref);
    },
    role: ({ namespace, role }) => {
      const where = namespace === '' ? 'everywhere' : `in namespace ${namespace}`;
      const { kind, metadata } = role;
      const id = `role:${kind}/${metadata.namespace ?? ''}/${metadata.name}@${namespace}`;
      return graph.place(id, 'between', `${kind} ${metadata.name} ${where}`);
    },
  };
  return places;
}

/** What a gain leads to by itself. */
function spread(places: Places, model: Model, gain: Gain, namespace: string, from: Place): void {
  const { graph } = places;
  const to = (place: Place, cost: number, why: string, lever?: Lever) =>
    graph.hop(from, place, { cost, why, by: [], ...(lever ? { lever } : {}) });
  if (namespace === '' && (gain === 'secrets' || gain === 'pods' || gain === 'run' || gain === 'accounts')) {
    for (const each of model.namespaces) to(places.gain(gain, each), costs.given, `reaches into namespace ${each}`);
    if (gain === 'run' && model.namespaces.length > 0) return;
  } else if (gain === 'secrets')
    for (const name of model.secretsIn(namespace)) to(places.secret(namespace, name), costs.given, 'holds it');
  else if (gain === 'pods')
    for (const workload of model.workloadsIn(namespace)) to(places.workload(workload), costs.given, 'is inside');
  else if (gain === 'accounts')
    for (const name of model.accountsIn(namespace)) to(places.account(namespace, name), costs.given, 'has its token');
  else if (gain === 'run') {
    for (const name of model.accountsIn(namespace))
      to(places.account(namespace, name), costs.command, `runs a pod as ServiceAccount ${name}`);
    to(places.gain('secrets', namespace), costs.command, 'mounts any Secret of the namespace into its pod');
    if (model.admitsPrivileged(namespace))
      to(places.gain('nodes', ''), costs.command, `runs a privileged pod: nothing refuses it`, baseline(namespace));
  } else if (gain === 'nodes') {
    for (const node of model.nodes) to(places.node(node), costs.given, 'is root there');
    if (model.nodes.size === 0) to(places.node(someNode), costs.given, 'is root there');
  } else if (gain === 'users')
    for (const { subjects } of model.roles.grants) {
      for (const subject of subjects)
        if (subject.kind === 'User') to(places.subject(subject), costs.given, 'acts as it');
    }
  else if (gain === 'roles')
    for (const grant of model.roles.grants) {
      if (grant.namespace === namespace && grant.role.kind === 'Role')
        to(places.role(grant), costs.given, `binds Role ${grant.role.metadata.name} to itself`);
    }
  else if (gain === 'everything') {
    for (const each of ['secrets', 'pods', 'run', 'accounts'] as const)
      to(places.gain(each, namespace), costs.command, 'may do everything there');
    if (namespace === '') to(places.gain('nodes', ''), costs.command, 'runs a privileged pod on any node');
  }
}

/** Only what baseline refuses leads to a node. */
function baseline(namespace: string): Lever {
  const label = podSecurityLabel('enforce');
  return {
    ...{ type: 'namespace', about: namespace, text: `label namespace ${namespace} ${label}=baseline` },
    edit: {
      target: { kind: 'Namespace', namespace: '', name: namespace },
      to(found) {
        const object = found ?? { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
        const labels = { ...object.metadata.labels, [label]: 'baseline' };
        return { ...object, metadata: { ...object.metadata, labels } };
      },
    },
  };
}

export const nodesOf = ({ nodes }: Workload): string[] => (nodes.length > 0 ? nodes : [someNode]);
