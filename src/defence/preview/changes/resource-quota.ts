import type { Amounts } from '../../../api/pods/totals.ts';
import { exceededNames, missingCompute, quotaLimits } from '../../../api/quota/quota.ts';
import { usageOf } from '../../../api/quota/usage.ts';
import { compareQuantities, parseQuantity } from '../../../foundation/quantity.ts';
import type { Manifest } from '../../contract.ts';
import { objectText, refOf } from '../../object-ref.ts';
import { changedRef, type Snapshot } from '../../snapshot/snapshot.ts';
import { type AdmissionRule, admission, type Refusal } from '../admission.ts';
import { type Candidate, namespaceOf } from '../candidates.ts';
import type { Allowance, Impact } from '../impact.ts';
import { createdPod } from '../made-pod.ts';
import type { Previewer, Scope } from '../scope.ts';
import { podsAtOnce, surges, wantedPods } from '../wanted-pods.ts';
import { claimsOf } from './claims.ts';
import { exceededIn, type QuotaRoom, quotaRoomIn, resourceOf, sum } from './quota-room.ts';

/** Quotas, and what fills in what they ask for. */
const kinds = new Set(['ResourceQuota', 'LimitRange']);

export const resourceQuotaRule: AdmissionRule = {
  name: 'ResourceQuota',
  touches: (change) => (kinds.has(changedRef(change).kind) ? [changedRef(change).namespace || 'default'] : []),
  refuses(snapshot, before) {
    const quotas = Map.groupBy(snapshot.of('ResourceQuota'), namespaceOf);
    const room = quotaRoomIn(snapshot, before);
    return (candidate) => {
      const namespace = namespaceOf(candidate.object);
      const own = quotas.get(namespace) ?? [];
      if (own.length === 0) return undefined;
      const pod = createdPod(candidate.pod, snapshot);
      const ofPod = own
        .filter((quota) => quotaLimits(quota, 'pods', pod))
        .flatMap((quota) => refusalBy(quota, candidate, pod, room) ?? []);
      const refusals = [...ofPod, ...own.flatMap((quota) => claimsRefusedBy(quota, candidate, snapshot, room) ?? [])];
      return refusals.find(({ outcome }) => outcome !== 'unknown') ?? refusals[0];
    };
  },
  ofRules(scope) {
    const room = quotaRoomIn(scope.after, scope.before);
    return [...fullQuotas(scope, room), ...objectsThatDoNotFit(scope, room)];
  },
};

/** ResourceQuotas: what lives stays, what comes next must fit. Anything new may be what a quota counts. */
export const resourceQuota: Previewer = {
  ...admission(resourceQuotaRule),
  concerns: (change) => 'put' in change || kinds.has(changedRef(change).kind),
  partial: (change) => changedRef(change).kind !== 'ResourceQuota',
};

function refusalBy(quota: Manifest, candidate: Candidate, pod: Manifest, room: QuotaRoom): Refusal | undefined {
  const by = [objectText(quota)];
  const missing = missingCompute(quota, pod);
  if (missing.length > 0) return { why: `${objectText(quota)}: must specify ${missing.join('; ')}`, by };
  const hard: Amounts = quota['spec'].hard;
  const asked = usageOf('pods', pod);
  const coming = room.usedBefore(candidate.object, quota);
  const used = coming ?? room.used(quota);
  // What a Job lacks is wanted; the next one of a CronJob begins with all of its pods.
  const together = candidate.object.kind === 'CronJob' ? podsAtOnce(candidate.object) : 1;
  const next = times(asked, together);
  const alone = exceededNames(hard, {}, next);
  /** `more`: what is asked for besides all that there is. */
  const tell = (names: string[], more: Amounts, why: string, outcome?: 'unknown'): Refusal => ({
    ...(outcome === undefined ? {} : { outcome }),
    ...{ why: `${objectText(quota)}: ${describe(names, hard, used, asked)}: ${why}`, by },
    allowance: () => raise(quota, names, sum(room.wanted(quota), more)),
  });
  if (alone.length > 0) {
    const what = together === 1 ? 'one pod alone asks' : `its ${together} pods at once ask`;
    return tell(alone, candidate.pointer === '' ? {} : next, `${what} for more`);
  }
  if (coming !== undefined) {
    const exceeded = exceededNames(hard, used, asked);
    return exceeded.length === 0 ? undefined : tell(exceeded, {}, 'beside what is there it does not fit');
  }
  if (candidate.pointer === '') {
    // Made again it takes the place of itself.
    const over = Object.keys(hard).filter(
      (name) => name in asked && compareQuantities(used[name] ?? '0', hard[name]!) > 0,
    );
    return over.length === 0 ? undefined : tell(over, {}, 'more is used already than is allowed');
  }
  const wanted = wantedPods(candidate);
  if (wanted > 0) {
    const more = times(asked, wanted);
    const exceeded = exceededNames(hard, used, more);
    return exceeded.length === 0 ? undefined : tell(exceeded, more, `${wanted} more wanted do not all fit`);
  }
  const exceeded = exceededNames(hard, used, next);
  if (exceeded.length === 0) return undefined;
  if (surges(candidate.object))
    return tell(exceeded, asked, 'its next rolling update makes a pod before one may go, and stops there');
  return candidate.live > 0
    ? undefined
    : tell(exceeded, next, 'beside what runs now there is no room for it', 'unknown');
}

/** The claims that a StatefulSet still has to make, all of them. */
function claimsRefusedBy(
  quota: Manifest,
  candidate: Candidate,
  snapshot: Snapshot,
  room: QuotaRoom,
): Refusal | undefined {
  const { coming } = claimsOf(candidate, snapshot);
  const resource = 'persistentvolumeclaims';
  const limited = coming.filter((claim) => quotaLimits(quota, resource, claim));
  if (limited.length === 0) return undefined;
  const asked = limited.map((claim) => usageOf(resource, claim)).reduce(sum);
  const [hard, used]: Amounts[] = [quota['spec'].hard, room.used(quota)] as const;
  const exceeded = exceededNames(hard!, used!, asked);
  if (exceeded.length === 0) return undefined;
  const why = `${objectText(quota)}: ${describe(exceeded, hard!, used!, asked)}: its claims do not all fit`;
  return { why, by: [objectText(quota)], allowance: () => raise(quota, exceeded, sum(room.wanted(quota), asked)) };
}

const describe = (names: string[], hard: Amounts, used: Amounts, asked: Amounts): string =>
  names.map((name) => `${name}: asks for ${asked[name] ?? '0'}, used ${used[name] ?? '0'} of ${hard[name]}`).join('; ');

/** So many times; a count that no quota holds needs no exact sum. */
const timesMax = 10_000;
function times(amounts: Amounts, count: number): Amounts {
  let total: Amounts = {};
  for (let bits = Math.min(count, timesMax), power = amounts; bits > 0; bits >>= 1, power = sum(power, power))
    if (bits & 1) total = sum(total, power);
  return total;
}

function raise(quota: Manifest, names: string[], needed: Amounts): Allowance {
  const hard = { ...quota['spec'].hard, ...Object.fromEntries(names.map((name) => [name, needed[name]])) };
  const put = { ...quota, spec: { ...quota['spec'], hard } };
  return {
    text: `${objectText(quota)}: ${names.map((name) => `${name}: ${needed[name]}`).join(', ')}`,
    changes: [{ put }],
  };
}

/** Quotas that are changed to less than what is used: nothing goes, and nothing more comes. */
const fullQuotas = ({ changes }: Scope, room: QuotaRoom): Impact[] =>
  changes.flatMap((change): Impact[] => {
    if (!('put' in change) || change.put.kind !== 'ResourceQuota') return [];
    const { put } = change;
    const used = room.used(put);
    const hard: Amounts = put['spec']?.hard ?? {};
    const over = Object.keys(hard).filter(
      (name) => (parseQuantity(used[name]) ?? 0) > (parseQuantity(hard[name]) ?? 0),
    );
    const why =
      over.length === 0
        ? 'what is used now fits'
        : `${describe(over, hard, used, {}).replaceAll('asks for 0, ', '')}: what is there stays, nothing more is let in`;
    return [
      {
        outcome: over.length === 0 ? 'safe' : 'unknown',
        subject: { type: 'object', ref: refOf(put) },
        why,
        by: [objectText(put)],
      },
    ];
  });

/** New and changed objects that a quota counts, and that are not pods. */
const objectsThatDoNotFit = ({ changes, before, after }: Scope, room: QuotaRoom): Impact[] =>
  changes.flatMap((change): Impact[] => {
    if (!('put' in change)) return [];
    const { put } = change;
    const resource = resourceOf(put);
    if (resource === undefined || resource === 'pods') return [];
    return after.of('ResourceQuota', put.metadata.namespace ?? '').flatMap((quota): Impact[] => {
      const used = room.usedBefore(put, quota);
      if (used === undefined || !quotaLimits(quota, resource, put)) return [];
      const over = exceededIn(quota, resource, put, before.get(refOf(put)), used);
      if (over.length === 0) return [];
      const needed = sum(used, usageOf(resource, put));
      const why = `${objectText(quota)} refuses it: ${over.map((name) => `${name}: ${needed[name]} with it, ${quota['spec'].hard[name]} allowed`).join('; ')}`;
      return [
        {
          outcome: 'breaks',
          subject: { type: 'object', ref: refOf(put) },
          why,
          by: [objectText(quota)],
          allowance: raise(quota, over, room.wanted(quota)),
        },
      ];
    });
  });
