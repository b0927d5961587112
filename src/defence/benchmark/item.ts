import type { FileRole, KubeletFacts } from '../../api/host-facts.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

export type OutcomeVerdict = 'pass' | 'fail' | 'not applicable' | 'not assessed';
/** What is said of one item, and why: never a verdict without its reason. */
export type Outcome = { verdict: OutcomeVerdict; why: string };

export const passed = (why: string): Outcome => ({ verdict: 'pass', why });
export const failed = (why: string): Outcome => ({ verdict: 'fail', why });
export const inapplicable = (why: string): Outcome => ({ verdict: 'not applicable', why });
export const unassessed = (why: string): Outcome => ({ verdict: 'not assessed', why });

export const componentNames = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd'] as const;
export type ComponentName = (typeof componentNames)[number];
/** The flags that a component was started with, without dashes; the last one counts. A flag without value is `true`. */
export type Flags = Map<string, string>;

/** What the flags of a control-plane component must be. */
export type FlagRule = {
  component: ComponentName;
  /** Without dashes. Each of them must be accepted. */
  flags: readonly string[];
  /** What the component takes when the flag is absent; undefined: nothing. */
  byDefault?: string;
  accepts(value: string | undefined, flags: Flags): boolean;
  /** As a sentence: `must be false`. */
  expected: string;
  /** The flag that moves the setting into a file of the host; when it is set and the flag is not, nobody can tell. */
  configuredBy?: string;
  /** What the flags do not show: a rule that accepts them is then not assessed. */
  unseen?: string;
};

/** What a node agent's facts must say. */
export type HostRule =
  | { files: FileRole[]; modeMax: number }
  /** `user:group` by name; the API server's own account stands for `root` and `etcd` where it is not root. */
  | { files: FileRole[]; owner: 'root:root' | 'etcd:etcd' }
  | { kubelet: keyof KubeletFacts; accepts(value: never): boolean; expected: string };

/** How an item is judged: in exactly one way. */
export type Judging =
  /** By every check that names the item; with `field`, only findings at fields below one of this name count. */
  | { by: 'checks'; field?: string }
  | { by: 'flags'; rule: FlagRule }
  | { by: 'host'; rule: HostRule }
  | { by: 'objects'; judge(snapshot: Snapshot): Outcome };

/** What stands for an item on a cluster of Rempart, whose control plane has neither pods nor flags. */
export type OnRempart =
  | Outcome
  /** In one of these modes the protection is what the item asks for, as long as no check finds worse than a low. */
  | { protection: string; modes: string[]; why: string };

/** One item of CIS Kubernetes benchmark 1.12. The wording is ours, the numbers are the document's. */
export type Item = {
  /** `1.2.16` */
  id: string;
  title: string;
  level: 1 | 2;
  /** The document calls it Automated; the others it leaves to a person. */
  automated: boolean;
  judging: Judging;
  onRempart?: OnRempart;
};

export const sections: Record<string, string> = {
  '1.1': 'Control plane: files',
  '1.2': 'Control plane: API server',
  '1.3': 'Control plane: controller manager',
  '1.4': 'Control plane: scheduler',
  '2': 'etcd',
  '3.1': 'Control plane: authentication and authorization',
  '3.2': 'Control plane: audit',
  '4.1': 'Nodes: files',
  '4.2': 'Nodes: kubelet',
  '4.3': 'Nodes: kube-proxy',
  '5.1': 'Policies: RBAC and ServiceAccounts',
  '5.2': 'Policies: Pod Security Standards',
  '5.3': 'Policies: network',
  '5.4': 'Policies: secrets',
  '5.5': 'Policies: admission',
  '5.6': 'Policies: general',
};
/** `2.3` is of section `2`, `5.1.12` of `5.1`. */
export const sectionOf = (id: string): string => id.slice(0, id.lastIndexOf('.'));
