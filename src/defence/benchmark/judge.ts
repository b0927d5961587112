import { checks } from '../checks.ts';
import type { Check } from '../contract.ts';
import type { Exception } from '../judge/exceptions.ts';
import type { Failure, Judgement } from '../judge/judge.ts';
import { objectText } from '../object-ref.ts';
import { protectionKind } from '../protection-mode.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { type Components, findComponents, judgeFlags } from './components.ts';
import { hostsOf, judgeHosts, type ToldHost } from './host.ts';
import { failed, type Item, inapplicable, type OnRempart, type Outcome, passed, unassessed } from './item.ts';

export type JudgedItem = { item: Item; outcome: Outcome };

/** What checks say of a snapshot, and which of their failures do not count: exceptions that have not expired. */
export type Judged = {
  snapshot: Snapshot;
  judgement: Judgement;
  waive(failure: Failure): Exception | undefined;
};

type Known = Judged & { components: Components; hosts: ToldHost[]; notVisible: string };

/** Every item with its outcome. The judgement is of every check on the snapshot's objects. */
export function judgeItems(items: Item[], judged: Judged): JudgedItem[] {
  const { snapshot } = judged;
  const components = findComponents(snapshot);
  const hosts = snapshot.closedByDefault ? hostsOf(snapshot) : [];
  const known = { ...judged, components, hosts, notVisible: whyNotVisible(snapshot, components) };
  return items.map((item) => ({ item, outcome: judgeSafely(item, known) }));
}

/** Why the control plane cannot be seen from here. */
function whyNotVisible(snapshot: Snapshot, components: Components): string {
  if (snapshot.source === 'manifests') return 'manifests do not show the control plane';
  const unread = snapshot.whyUnread('Pod') ?? snapshot.whyUnread('Node');
  if (unread) return `the cluster could not be read completely: ${unread}`;
  const ours = snapshot
    .of('Node')
    .some(({ metadata: { labels = {} } }) => controlPlaneLabels.some((key) => Object.hasOwn(labels ?? {}, key)));
  if (components.size === 0 && !ours) return 'a managed control plane is its provider’s duty';
  return 'it runs outside the pods of kube-system';
}

const controlPlaneLabels = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];

/** Whatever a hostile object makes a judgement throw is not assessed. */
function judgeSafely(item: Item, known: Known): Outcome {
  try {
    return judgeItem(item, known);
  } catch (error) {
    return unassessed(`a field has not the type that the API gives it (${(error as Error).message})`);
  }
}

function judgeItem({ judging, onRempart, id }: Item, known: Known): Outcome {
  const { snapshot, components, hosts, notVisible } = known;
  if (snapshot.closedByDefault && onRempart) return judgeOnRempart(onRempart, `CIS ${id}`, known);
  if (judging.by === 'checks') return judgeByChecks(checksOf(`CIS ${id}`), known, judging.field);
  if (judging.by === 'flags') return judgeFlags(judging.rule, components, notVisible);
  if (judging.by === 'objects') return judging.judge(snapshot);
  if (snapshot.closedByDefault) return judgeHosts(judging.rule, hosts);
  if (snapshot.source === 'manifests') return unassessed('it is on the host, which manifests do not show');
  const duty = id.startsWith('1.') && notVisible.includes('provider') ? notVisible : undefined;
  return unassessed(duty ?? 'it is on the host, and no node agent of Rempart runs there to tell');
}

function judgeOnRempart(onRempart: OnRempart, name: string, { snapshot, judgement, waive }: Known): Outcome {
  if (!('protection' in onRempart)) return onRempart;
  const { protection, modes, why } = onRempart;
  const found = snapshot.get({ kind: protectionKind, namespace: '', name: protection });
  if (found === undefined) {
    const unread = snapshot.whyUnread(protectionKind) ?? 'the cluster does not tell its protections';
    return unassessed(`the mode of protection ${protection} is not known: ${unread}`);
  }
  const mode = String(found['spec']?.mode);
  if (!modes.includes(mode)) return failed(`protection ${protection} is relaxed to ${mode}`);
  const worse = judgement.failures
    .filter(({ check, severity }) => check.benchmark.includes(name) && severity !== 'low')
    .filter((failure) => waive(failure) === undefined);
  return worse.length > 0 ? failed(firstOf(worse)) : passed(`${why} (protection ${protection}: ${mode})`);
}

const shownMax = 3;

const checksOf = (name: string) => checks.filter(({ benchmark }) => benchmark.includes(name));

/** By some checks together. Nobody is clean because nothing could be read. */
export function judgeByChecks(answering: Check[], { snapshot, judgement, waive }: Judged, field?: string): Outcome {
  const { failures, unassessed: without, coverage } = judgement;
  const ids = new Set(answering.map(({ id }) => id));
  const all = failures
    .filter(({ check }) => ids.has(check.id))
    .filter(({ finding }) => field === undefined || finding.field.includes(field));
  const failing = all.filter((failure) => waive(failure) === undefined);
  if (failing.length > 0) return failed(firstOf(failing));
  const names = [...new Set(all.map((failure) => waive(failure)!.name))];
  const waived = all.length === 0 ? '' : `; ${all.length} waived by ${names.join(', ')}`;
  const unread = answering.flatMap(({ kinds }) => kinds).find((kind) => snapshot.whyUnread(kind) !== undefined);
  if (unread) return unassessed(`${unread} could not be read: ${snapshot.whyUnread(unread)}`);
  const open = without.filter(({ check }) => check !== undefined && ids.has(check));
  if (open.length > 0) {
    const rest = open.length > 1 ? ` (and ${open.length - 1} more)` : '';
    return unassessed(`${open[0]!.what}: ${open[0]!.why}${rest}`);
  }
  // An object that fails at other fields only is right in this one.
  const counted = (id: string) =>
    (coverage.get(id)?.pass ?? 0) + (field === undefined ? 0 : (coverage.get(id)?.fail ?? 0));
  const passes = [...ids].reduce((sum, id) => sum + counted(id), 0);
  if (passes + all.length === 0) return inapplicable(`nothing is there that ${[...ids].join(', ')} would judge`);
  const by = ids.size === 1 ? '' : ` of ${[...ids].join(', ')}`;
  return passed(`${passes} ${passes === 1 ? 'verdict' : 'verdicts'}${by}, none against it${waived}`);
}

/** The objects, and what is wrong with the first of them. */
function firstOf(failing: Judgement['failures']): string {
  const objects = [...new Set(failing.map(({ judged: { object } }) => objectText(object)))];
  const more = objects.length > shownMax ? ` and ${objects.length - shownMax} more` : '';
  const { reason, detail } = failing[0]!.finding;
  return `${objects.slice(0, shownMax).join(', ')}${more}: ${reason} (${detail})`;
}
