import { hostFactsName, hostFactsNamespace } from '../../api/host-facts.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { isMirrorPod } from '../../api/pods/mirror-pod.ts';
import { ruleAllows } from '../../api/rbac/rules.ts';
import { parseFieldSelector } from '../../api/selectors.ts';
import type { Attributes } from '../../api/user.ts';
import type { Authorizer, Decision, Lookup } from '../contracts.ts';
import { nodeRules } from './node-rules.ts';
import { podUses } from './pod-references.ts';

const nodePrefix = 'system:node:';

/** The node a user is, from its name and its group: both are needed. */
export function nodeOf(user: { username: string; groups: string[] }): string | undefined {
  if (!user.username.startsWith(nodePrefix) || !user.groups.includes('system:nodes')) return undefined;
  return user.username.slice(nodePrefix.length) || undefined;
}

const allow = (reason: string): Decision => ({ allowed: true, reason: `Node: ${reason}` });
const deny = (reason: string): Decision => ({ allowed: false, reason });
const reading = new Set(['get', 'list', 'watch']);

/**
 * What a node agent may do: nothing about other nodes' pods, and of secrets, config maps, claims and service account
 * tokens only what the pods bound to it use (https://kubernetes.io/docs/reference/access-authn-authz/node/). What is
 * the same for every node (services, runtime classes …) stands in node-rules.ts.
 */
export function createNodeAuthorizer(lookup: Lookup): Authorizer {
  return (attributes) => {
    const node = nodeOf(attributes.user);
    if (node === undefined || attributes.nonResourcePath !== undefined) return deny('');
    const name = attributes.group === '' ? attributes.resource : `${attributes.resource}.${attributes.group}`;
    // Its own only: a URL may say `__proto__`.
    if (Object.hasOwn(rules, name)) return rules[name]!(attributes, node, lookup);
    return nodeRules.some((common) => ruleAllows(common, attributes)) ? allow('what every node may do') : deny('');
  };
}

type NodeRule = (attributes: Attributes, node: string, lookup: Lookup) => Decision;

const rules: Record<string, NodeRule> = {
  secrets: usedByPods('secrets'),
  configmaps(attributes, node, lookup) {
    if (isOwnHostFacts(attributes, node)) return allow('what its own machine is');
    return usedByPods('configmaps')(attributes, node, lookup);
  },
  persistentvolumeclaims(attributes, node, lookup) {
    // growing a volume reports its progress on the claim
    const status = attributes.subresource === 'status' && ['update', 'patch'].includes(attributes.verb);
    const plain = { ...attributes, subresource: '', verb: status ? 'get' : attributes.verb };
    return usedByPods('persistentvolumeclaims')(status ? plain : attributes, node, lookup);
  },
  persistentvolumes(attributes, node, lookup) {
    if (attributes.verb !== 'get' || attributes.subresource !== '') return deny('nodes may only get persistentvolumes');
    const claim = lookup.get('persistentvolumes', '', attributes.name)?.spec?.claimRef;
    const used = claim !== undefined && uses(lookup, node, 'persistentvolumeclaims', claim.namespace, claim.name);
    return used ? allow('a pod bound to the node uses the volume') : noRelationship(node, attributes);
  },
  serviceaccounts(attributes, node, lookup) {
    if (attributes.verb !== 'create' || attributes.subresource !== 'token')
      return deny('nodes may only create tokens of the service accounts of their pods');
    return usedByPods('serviceaccounts')({ ...attributes, verb: 'get', subresource: '' }, node, lookup);
  },
  pods: ownPods,
  nodes: ownNode,
  'leases.coordination.k8s.io': ownLease,
  'csinodes.storage.k8s.io': (attributes, node) =>
    attributes.verb === 'create' || attributes.name === node
      ? allow('its own CSINode')
      : deny('another node’s CSINode'),
};

function ownNode(attributes: Attributes, node: string): Decision {
  if (attributes.verb === 'create' && attributes.subresource === '') return allow('registers itself');
  const named = attributes.name === node || attributes.fieldSelector === `metadata.name=${node}`;
  const verbs = attributes.subresource === '' ? [...reading, 'update', 'patch'] : ['get', 'update', 'patch'];
  if (named && ['', 'status'].includes(attributes.subresource) && verbs.includes(attributes.verb))
    return allow('its own Node');
  return deny(`node "${node}" may only use its own Node: list and watch with the field selector metadata.name=${node}`);
}

function ownLease({ namespace, name, verb }: Attributes, node: string): Decision {
  const verbs = ['get', 'create', 'update', 'patch', 'delete'];
  if (namespace !== 'kube-node-lease' || !verbs.includes(verb)) return deny('');
  return name === node || (verb === 'create' && name === '') ? allow('its own Lease') : deny('another node’s Lease');
}

/** A name that is only in the object is held against the node by the NodeRestriction plugin. */
function isOwnHostFacts({ namespace, name, verb, subresource }: Attributes, node: string): boolean {
  if (namespace !== hostFactsNamespace || subresource !== '') return false;
  return verb === 'create' ? name === '' : name === hostFactsName(node) && (verb === 'get' || verb === 'update');
}

function ownPods(attributes: Attributes, node: string, lookup: Lookup): Decision {
  const { verb, subresource, namespace, name } = attributes;
  if (verb === 'create' && (subresource === '' || subresource === 'eviction'))
    return allow('a mirror pod or an eviction');
  if ((verb === 'list' || verb === 'watch') && selectsNode(attributes.fieldSelector, node))
    return allow('pods bound to the node');
  const verbs: Record<string, string[]> = {
    '': ['get', 'delete', 'watch', 'list'],
    status: ['get', 'update', 'patch'],
  };
  const bound = name !== '' && lookup.get('pods', namespace, name)?.spec?.nodeName === node;
  if (bound && verbs[subresource]?.includes(verb)) return allow('a pod bound to the node');
  if (verb === 'list' || verb === 'watch')
    return deny(`node "${node}" may only list and watch pods with the field selector spec.nodeName=${node}`);
  return noRelationship(node, attributes);
}

/** Read as the list reads it: a comma may be part of a value. */
const selectsNode = (fieldSelector = '', node: string): boolean =>
  parseFieldSelector(fieldSelector).some(
    ({ field, operator, value }) => field === 'spec.nodeName' && operator === '=' && value === node,
  );

function usedByPods(resource: string): NodeRule {
  return (attributes, node, lookup) => {
    if (attributes.subresource !== '' || !reading.has(attributes.verb)) return deny(`nodes may only read ${resource}`);
    if (attributes.name === '') return deny(`nodes may only read ${resource} one by one, by name`);
    return uses(lookup, node, resource, attributes.namespace, attributes.name)
      ? allow('a pod bound to the node uses it')
      : noRelationship(node, attributes);
  };
}

/**
 * The pods of one namespace are few enough to look through: nothing has to be kept up to date. A mirror pod the node makes
 * itself: it would give itself whatever it names.
 */
function uses(lookup: Lookup, node: string, resource: string, namespace: string, name: string): boolean {
  const bound = (pod: KubernetesObject) => pod.spec?.nodeName === node && !isMirrorPod(pod);
  return lookup.list('pods', namespace).some((pod) => bound(pod) && podUses(pod, resource, name));
}

function noRelationship(node: string, { resource, namespace, name }: Attributes): Decision {
  const where = namespace === '' ? name : `${namespace}/${name}`;
  return deny(`no relationship found between node "${node}" and ${resource} "${where}"`);
}
