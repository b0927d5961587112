import type { Judgement } from '../../judge.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import { type Components, findComponents, judgeFlags } from './components.ts';
import { hostsOf, judgeHosts, type ToldHost } from './host.ts';
import { failed, type Item, inapplicable, type OnRempart, type Outcome, passed, unassessed } from './item.ts';

export type JudgedItem = { item: Item; outcome: Outcome };

type Known = {
  snapshot: Snapshot;
  judgement: Judgement;
  components: Components;
  hosts: ToldHost[];
  notVisible: string;
};

/** Every item with its outcome. `judgement` is of every check on the snapshot's objects. */
export function judgeItems(items: Item[], snapshot: Snapshot, judgement: Judgement): JudgedItem[] {
  const components = findComponents(snapshot);
  const hosts = snapshot.closedByDefault ? hostsOf(snapshot) : [];
  const known = { snapshot, judgement, components, hosts, notVisible: whyNotVisible(snapshot, components) };
  return items.map((item) => ({ item, outcome: judgeItem(item, known) }));
}

/** Why the control plane cannot be seen from here. */
function whyNotVisible(snapshot: Snapshot, components: Components): string {
  if (snapshot.source === 'manifests') return 'manifests do not show the control plane';
  const unread = snapshot.whyUnread('Pod') ?? snapshot.whyUnread('Node');
  if (unread) return `the cluster could not be read completely: ${unread}`;
  const ours = snapshot
    .of('Node')
    .some(({ metadata: { labels = {} } }) => controlPlaneLabels.some((key) => key in labels));
  if (components.size === 0 && !ours) return 'a managed control plane is its provider’s duty';
  return 'it runs outside the pods of kube-system';
}

const controlPlaneLabels = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];

function judgeItem({ judging, onRempart, id }: Item, known: Known): Outcome {
  const { snapshot, judgement, components, hosts, notVisible } = known;
  if (snapshot.closedByDefault && onRempart) return judgeOnRempart(onRempart, snapshot);
  if (judging.by === 'checks') return judgeByChecks(judging.checks, judgement);
  if (judging.by === 'flags') return judgeFlags(judging.rule, components, notVisible);
  if (judging.by === 'objects') return judging.judge(snapshot);
  if (snapshot.closedByDefault) return judgeHosts(judging.rule, hosts);
  if (snapshot.source === 'manifests') return unassessed('it is on the host, which manifests do not show');
  const duty = id.startsWith('1.') && notVisible.includes('provider') ? notVisible : undefined;
  return unassessed(duty ?? 'it is on the host, and no node agent of Rempart runs there to tell');
}

const protectionKind = 'Protection.defence.rempart.io';

function judgeOnRempart(judged: OnRempart, snapshot: Snapshot): Outcome {
  if (!('protection' in judged)) return judged;
  const { protection, modes, why } = judged;
  const found = snapshot.get({ kind: protectionKind, namespace: '', name: protection });
  if (found === undefined) {
    const unread = snapshot.whyUnread(protectionKind) ?? 'the cluster does not tell its protections';
    return unassessed(`the mode of protection ${protection} is not known: ${unread}`);
  }
  const mode = String(found['spec']?.mode);
  return modes.includes(mode)
    ? passed(`${why} (protection ${protection}: ${mode})`)
    : failed(`protection ${protection} is relaxed to ${mode}`);
}

const shownMax = 3;

function judgeByChecks(ids: string[], { failures, unassessed: without, coverage }: Judgement): Outcome {
  const failing = failures.filter(({ check }) => ids.includes(check.id));
  if (failing.length > 0) {
    const objects = [...new Set(failing.map(({ subject: { object } }) => describe(object)))];
    const more = objects.length > shownMax ? ` and ${objects.length - shownMax} more` : '';
    return failed(`${objects.slice(0, shownMax).join(', ')}${more}: ${failing[0]!.finding.reason}`);
  }
  const open = without.filter(({ check }) => check !== undefined && ids.includes(check));
  if (open.length > 0) {
    const rest = open.length > 1 ? ` (and ${open.length - 1} more)` : '';
    return unassessed(`${open[0]!.what}: ${open[0]!.why}${rest}`);
  }
  const passes = ids.reduce((sum, id) => sum + (coverage.get(id)?.pass ?? 0), 0);
  if (passes === 0) return inapplicable(`nothing is there that ${ids.join(', ')} would judge`);
  return passed(`${passes} ${passes === 1 ? 'verdict' : 'verdicts'} of ${ids.join(', ')}, none against it`);
}

const describe = ({ kind, metadata }: { kind: string; metadata: { namespace?: string; name: string } }) =>
  `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name}`;
