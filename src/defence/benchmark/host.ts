import {
  type HostFacts,
  type HostFile,
  hostFactsName,
  hostFactsNamespace,
  readHostFacts,
} from '../../api/host-facts.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { asList } from './components.ts';
import { failed, type HostRule, inapplicable, type Outcome, passed, unassessed } from './item.ts';

/** What a node's agent has told of its machine, or why that is not known. */
export type ToldHost = { node: string; facts: HostFacts } | { node: string; why: string };

/** The facts of every node of a cluster of Rempart. */
export function hostsOf(snapshot: Snapshot): ToldHost[] {
  return snapshot.of('Node').map(({ metadata: { name: node }, status }) => {
    const unread = snapshot.whyUnread('ConfigMap');
    if (unread) return { node, why: `ConfigMap could not be read: ${unread}` };
    const ready = asList(status?.conditions).some((each) => each['type'] === 'Ready' && each['status'] === 'True');
    if (!ready) return { node, why: `node ${node} is not ready: what its agent told may be old` };
    const ref = { kind: 'ConfigMap', namespace: hostFactsNamespace, name: hostFactsName(node) };
    const text = snapshot.get(ref)?.['data']?.facts;
    if (text === undefined) return { node, why: `the agent of node ${node} has not told about its machine` };
    const facts = readHostFacts(text);
    return facts?.node === node ? { node, facts } : { node, why: `what node ${node} tells of its machine is damaged` };
  });
}

/** Judges a rule on every node; one that fails decides, then one that nobody knows of. */
export function judgeHosts(rule: HostRule, hosts: ToldHost[]): Outcome {
  const outcomes = hosts.map((host) => ('facts' in host ? judgeHost(rule, host.facts) : unassessed(host.why)));
  for (const verdict of ['fail', 'not assessed', 'pass'] as const) {
    const found = outcomes.find((outcome) => outcome.verdict === verdict);
    if (found) return found;
  }
  return outcomes[0] ?? unassessed('there is no node');
}

function judgeHost(rule: HostRule, facts: HostFacts): Outcome {
  if ('kubelet' in rule) {
    const value = facts.kubelet[rule.kubelet];
    if (value === undefined) return unassessed(`${facts.node}: ${rule.kubelet} is not told`);
    const told = `${facts.node}: ${rule.kubelet} is ${value}`;
    return rule.accepts(value as never) ? passed(told) : failed(`${told}; it ${rule.expected}`);
  }
  const files = facts.files.filter(({ role }) => rule.files.includes(role));
  if (files.length === 0)
    return facts.omitted > 0
      ? unassessed(`${facts.node}: too many files to tell of them all`)
      : inapplicable(`${facts.node} has no such file`);
  const wrong = files.find((file) => !accepts(rule, file, facts));
  if (wrong) return failed(`${facts.node}: ${describe(wrong)}; ${expectation(rule)}`);
  return passed(`${facts.node}: ${files.slice(0, 2).map(describe).join(', ')}${files.length > 2 ? ' …' : ''}`);
}

type FileRule = Exclude<HostRule, { kubelet: unknown }>;

function accepts(rule: FileRule, { mode, owner, group }: HostFile, { serverAccount }: HostFacts): boolean {
  if ('modeMax' in rule) return (mode & ~rule.modeMax & 0o7777) === 0;
  const pair = `${owner}:${group}`;
  return pair === rule.owner || (serverAccount !== undefined && pair === `${serverAccount}:${serverAccount}`);
}

const expectation = (rule: FileRule) =>
  'modeMax' in rule ? `it must be ${rule.modeMax.toString(8)} or less` : `it must be of ${rule.owner}`;
const describe = ({ path, mode, owner, group }: HostFile) =>
  `${path} ${mode.toString(8).padStart(3, '0')} ${owner}:${group}`;
