import type { Drop } from '../../../api/observations/observation.ts';
import { isObject } from '../../../foundation/json.ts';
import type { Parser } from './formats.ts';

/**
 * Flow logs of Calico: those that Calico Enterprise and Cloud write
 * (https://docs.tigera.io/calico-enterprise/latest/observability/elastic/flow/datatypes), also as Elasticsearch exports
 * them, and those of Whisker. Both ends tell of a connection; the one where it arrives counts, unless only the other
 * saw it.
 */
export const calico: Parser = {
  name: 'Calico flow log',
  types: ['flows'],
  knows: (record) => {
    const { action, dest_port, source_name, source_name_aggr } = bodyOf(record);
    return typeof action === 'string' && dest_port !== undefined && (source_name ?? source_name_aggr) !== undefined;
  },
  parse(record) {
    const body = bodyOf(record);
    const { action, reporter, dest_type, start_time, end_time, num_flows } = body;
    const allowed = /^allow$/i.test(action);
    const protocol = protocolOf(body['proto'] ?? body['protocol']);
    if (protocol === undefined) return [];
    // What the source let through is told again by the destination, with its own verdict, if that is a pod.
    const toldTwice = /^src$/i.test(reporter) && allowed && /^(wep|workloadendpoint)$/i.test(dest_type ?? '');
    if (toldTwice) return [];
    const [firstMs, lastMs] = [timeOf(start_time), timeOf(end_time ?? start_time)];
    const observed = {
      ...{ from: endOf(body, 'source'), to: endOf(body, 'dest'), protocol, port: Number(body['dest_port']), allowed },
      ...{ firstMs, lastMs, count: Math.max(1, Number(num_flows) || 1) },
    };
    return [{ type: 'flows', observed: allowed ? observed : { ...observed, drop: dropOf(body) } }];
  },
};

const bodyOf = (record: Record<string, any>): Record<string, any> =>
  isObject(record['_source']) ? record['_source'] : record;

const numbers: Record<string, 'TCP' | 'UDP' | 'SCTP'> = { 6: 'TCP', 17: 'UDP', 132: 'SCTP' };
const protocolOf = (value: unknown) =>
  numbers[String(value)] ?? (['TCP', 'UDP', 'SCTP'] as const).find((name) => name === String(value).toUpperCase());

/** Seconds of the epoch, or a time in words. */
const timeOf = (value: unknown): number =>
  typeof value === 'number' ? Math.round(value * 1000) : Date.parse(String(value));

const unknown = (value: unknown) => value === undefined || value === null || value === '' || value === '-';

/** An aggregated name ends with a star: `web-5d4-*` are the pods of one ReplicaSet. */
function endOf(body: Record<string, any>, prefix: 'source' | 'dest'): unknown {
  const field = (name: string) => body[`${prefix}_${name}`];
  const [type, namespace, address] = [field('type'), field('namespace'), field('ip')];
  const name = unknown(field('name')) ? field('name_aggr') : field('name');
  if (/^(hep|hostendpoint)$/i.test(type ?? '')) return { type: 'node', name, address };
  if (unknown(namespace) || /^(net|network|ns|networkset)$/i.test(type ?? '')) return { type: 'address', address };
  const labels = labelsOf(field('labels'));
  const workload = workloadOf(String(field('name_aggr') ?? name), labels);
  return { type: 'pod', namespace, name, labels, ...(workload === undefined ? {} : { workload }) };
}

function workloadOf(aggregated: string, labels: Record<string, string>): string | undefined {
  const base = /^(.+)-\*$/.exec(aggregated)?.[1];
  if (base === undefined) return undefined;
  const hash = labels['pod-template-hash'];
  if (hash !== undefined && base.endsWith(`-${hash}`)) return `Deployment/${base.slice(0, -hash.length - 1)}`;
  return labels['controller-revision-hash'] === undefined ? undefined : `${kindOf(labels)}/${base}`;
}
const kindOf = (labels: Record<string, string>) =>
  labels['statefulset.kubernetes.io/pod-name'] === undefined ? 'DaemonSet' : 'StatefulSet';

/** `{ labels: ["app=web"] }`, or in one text `app=web | tier=front`. */
function labelsOf(value: unknown): Record<string, string> {
  const list = isObject(value) ? value['labels'] : value;
  const texts = Array.isArray(list) ? list.map(String) : typeof list === 'string' ? list.split(/\s*\|\s*/) : [];
  return Object.fromEntries(
    texts.flatMap((text) => {
      const at = text.indexOf('=');
      return at <= 0 ? [] : [[text.slice(0, at), text.slice(at + 1)]];
    }),
  );
}

/** The last policy decided: `0|default|shop/default.closed|deny|-1`. Profiles and ends of tiers are no policies. */
function dropOf({ policies, reporter }: Record<string, any>): Drop {
  const lists = isObject(policies) ? (policies['all_policies'] ?? policies['enforced']) : policies;
  const names = (Array.isArray(lists) ? lists : []).flatMap((policy) => {
    if (isObject(policy)) return [policy['namespace'] ? `${policy['namespace']}/${policy['name']}` : policy['name']];
    const [, , name = '', action = ''] = String(policy).split('|');
    return /deny/.test(action) ? [name.replace(/\/knp\.default\./, '/')] : [];
  });
  const by = names.filter((name) => typeof name === 'string' && !name.includes('__PROFILE__'));
  return { side: /^src$/i.test(reporter) ? 'egress' : 'ingress', why: 'policy', by };
}
