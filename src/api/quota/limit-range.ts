import { compareQuantities, parseQuantity } from '../../foundation/quantity.ts';
import type { KubernetesObject } from '../object.ts';
import { type Amounts, podTotal } from '../pods/totals.ts';

type Limit = {
  type: string;
  default?: Amounts;
  defaultRequest?: Amounts;
  min?: Amounts;
  max?: Amounts;
  maxLimitRequestRatio?: Amounts;
};
type Resources = { requests?: Amounts; limits?: Amounts };

/** What LimitRanges (https://kubernetes.io/docs/concepts/policy/limit-range/) fill into a pod; changes the pod. */
export function applyLimitDefaults(ranges: KubernetesObject[], pod: KubernetesObject): void {
  for (const limit of limitsOf(ranges, 'Container'))
    for (const container of containersOf(pod)) applyDefaults(container, limit);
}

/** Everything in a pod that LimitRanges refuse, worded as Kubernetes does. */
export function podLimitProblems(ranges: KubernetesObject[], pod: KubernetesObject): string[] {
  const ofContainers = limitsOf(ranges, 'Container').flatMap((limit) =>
    containersOf(pod).flatMap(({ resources }) => check(limit, resources ?? {})),
  );
  const total = { requests: podTotal(pod['spec'], 'requests'), limits: podTotal(pod['spec'], 'limits') };
  return [...ofContainers, ...limitsOf(ranges, 'Pod').flatMap((limit) => check(limit, total))];
}

export const claimLimitProblems = (ranges: KubernetesObject[], claim: KubernetesObject): string[] =>
  limitsOf(ranges, 'PersistentVolumeClaim').flatMap((limit) =>
    check(limit, { requests: claim['spec']?.resources?.requests }),
  );

const limitsOf = (ranges: KubernetesObject[], type: string): Limit[] =>
  ranges.flatMap(({ spec }) => (spec?.limits ?? []) as Limit[]).filter((limit) => limit.type === type);

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
    const [limit, request] = [limits[name], requests[name]].map((amount) => parseQuantity(amount) ?? 0);
    const missing = request === 0 ? 'request' : limit === 0 ? 'limit' : undefined;
    const observed = limit! / request!;
    const why =
      missing === undefined ? `provided ratio is ${observed}` : `no ${missing} is specified or ${missing} is 0`;
    if (missing !== undefined || observed > (parseQuantity(ratio) ?? 0))
      problems.push(`${name} max limit to request ratio per ${type} is ${ratio}, but ${why}`);
  }
  return problems;
}
