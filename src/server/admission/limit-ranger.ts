import type { KubernetesObject } from '../../api/object.ts';
import { podTotal } from '../../api/quota/usage.ts';
import { compareQuantities, parseQuantity } from '../../foundation/quantity.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../contracts.ts';
import { concerns, createdPod, refusal } from './about.ts';

type Amounts = Record<string, string>;
type Limit = {
  type: string;
  default?: Amounts;
  defaultRequest?: Amounts;
  min?: Amounts;
  max?: Amounts;
  maxLimitRequestRatio?: Amounts;
};
type Resources = { requests?: Amounts; limits?: Amounts };

/** The LimitRanges of a namespace: defaults for containers that say nothing, bounds for all. */
export const limitRanger: AdmissionPlugin = {
  name: 'LimitRanger',
  mutate(request) {
    const pod = createdPod(request);
    if (pod === undefined) return;
    for (const limit of limitsOf(request, 'Container'))
      for (const container of containersOf(pod)) applyDefaults(container, limit);
  },
  validate(request) {
    const pod = createdPod(request);
    const problems: string[] = [];
    if (pod !== undefined) {
      for (const limit of limitsOf(request, 'Container'))
        for (const { resources } of containersOf(pod)) problems.push(...check(limit, resources ?? {}));
      for (const limit of limitsOf(request, 'Pod')) problems.push(...check(limit, totals(pod)));
    }
    const claim =
      concerns(request, 'CREATE', 'persistentvolumeclaims') || concerns(request, 'UPDATE', 'persistentvolumeclaims');
    if (claim)
      for (const limit of limitsOf(request, 'PersistentVolumeClaim'))
        problems.push(...check(limit, { requests: request.object?.['spec']?.resources?.requests }));
    if (problems.length > 0) throw refusal(request, problems.length === 1 ? problems[0]! : `[${problems.join(', ')}]`);
  },
};

const limitsOf = ({ lookup, namespace }: AdmissionRequest, type: string): Limit[] =>
  lookup
    .list('limitranges', namespace)
    .flatMap(({ spec }) => (spec?.limits ?? []) as Limit[])
    .filter((limit) => limit.type === type);

const containersOf = ({ spec }: KubernetesObject): { resources?: Resources }[] => [
  ...(spec.containers ?? []),
  ...(spec.initContainers ?? []),
];

function applyDefaults(container: { resources?: Resources }, limit: Limit): void {
  const resources: Resources = container.resources ?? {};
  const limits = { ...limit.default, ...resources.limits };
  // what is limited but not requested is requested in full, unless the range says less
  const requests = { ...limits, ...limit.defaultRequest, ...resources.limits, ...resources.requests };
  for (const [name, amount] of Object.entries(requests))
    if (
      limits[name] !== undefined &&
      resources.requests?.[name] === undefined &&
      compareQuantities(amount, limits[name]) > 0
    )
      requests[name] = limits[name];
  container.resources = {
    ...resources,
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
    ...(Object.keys(requests).length > 0 ? { requests } : {}),
  };
}

function check({ type, min = {}, max = {}, maxLimitRequestRatio = {} }: Limit, resources: Resources): string[] {
  const { requests = {}, limits = {} } = resources;
  const claim = type === 'PersistentVolumeClaim';
  const problems: string[] = [];
  for (const [name, least] of Object.entries(min)) {
    const asked = requests[name] ?? (claim ? undefined : limits[name]);
    if (asked === undefined) problems.push(`minimum ${name} usage per ${type} is ${least}.  No request is specified`);
    else if (compareQuantities(asked, least) < 0)
      problems.push(`minimum ${name} usage per ${type} is ${least}, but request is ${asked}`);
  }
  for (const [name, most] of Object.entries(max)) {
    const asked = claim ? requests[name] : limits[name];
    if (asked === undefined) problems.push(`maximum ${name} usage per ${type} is ${most}.  No limit is specified`);
    else if (compareQuantities(asked, most) > 0)
      problems.push(`maximum ${name} usage per ${type} is ${most}, but ${claim ? 'request' : 'limit'} is ${asked}`);
  }
  for (const [name, ratio] of Object.entries(maxLimitRequestRatio)) {
    const observed = (parseQuantity(limits[name]) ?? 0) / (parseQuantity(requests[name]) ?? 0);
    if (!(observed <= (parseQuantity(ratio) ?? 0)))
      problems.push(`${name} max limit to request ratio per ${type} is ${ratio}, but provided ratio is ${observed}`);
  }
  return problems;
}

const totals = ({ spec }: KubernetesObject): Resources => ({
  requests: podTotal(spec, 'requests'),
  limits: podTotal(spec, 'limits'),
});
