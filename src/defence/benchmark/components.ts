import type { Manifest } from '../contract.ts';
import { nameOf } from '../object-ref.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { isMirror } from '../workload.ts';
import {
  type ComponentName,
  componentNames,
  type FlagRule,
  type Flags,
  failed,
  type Outcome,
  passed,
  unassessed,
} from './item.ts';

/** One running, or to be run, process of the control plane. */
export type Component = { pod: string; flags: Flags };
export type Components = Map<ComponentName, Component[]>;

/** With this flag the component takes its settings from a file, and others of its flags count no more. */
const configurationFlag: Partial<Record<ComponentName, string>> = { 'kube-scheduler': 'config', etcd: 'config-file' };

/** The control plane as the API shows it: mirror pods in kube-system, or static pods among manifests. */
export function findComponents({ source, of }: Pick<Snapshot, 'source' | 'of'>): Components {
  const found: Components = new Map();
  for (const pod of of('Pod', 'kube-system')) {
    // Anybody who may create pods can call one kube-apiserver; only nodes make mirror pods.
    if (source === 'cluster' && !isMirror(pod)) continue;
    for (const container of asList(pod['spec']?.containers)) {
      const words = wordsOf(container);
      const name = componentNames.find((each) => words.some((word) => word === each || word.endsWith(`/${each}`)));
      if (name) found.set(name, [...(found.get(name) ?? []), { pod: nameOf(pod), flags: flagsOf(name, container) }]);
    }
  }
  return found;
}

/** Objects of manifests are as somebody wrote them. */
export const asList = (value: unknown): Record<string, any>[] =>
  (Array.isArray(value) ? value : []).filter((item) => item !== null && item !== undefined);

/** Command and arguments; what a shell is given is taken apart at blanks. */
function wordsOf({ command, args }: Manifest | Record<string, any>): string[] {
  const words = [...asList(command), ...asList(args)].map(String);
  return /(^|\/)(ba|da)?sh$/.test(words[0] ?? '') ? words.flatMap((word) => word.split(/\s+/)) : words;
}

/** `--a=b`, `--a b` and `--a`; of etcd also `ETCD_A` in the environment, which a flag overrides. */
function flagsOf(name: ComponentName, container: Record<string, any>): Flags {
  const flags: Flags = new Map();
  if (name === 'etcd')
    for (const { name: variable, value } of asList(container['env']))
      if (typeof value === 'string' && /^ETCD_[A-Z_]+$/.test(variable))
        flags.set(variable.slice('ETCD_'.length).toLowerCase().replaceAll('_', '-'), value);
  const words = wordsOf(container);
  for (const [index, word] of words.entries()) {
    const [, flag, value] = /^--?([a-z][a-z0-9-]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
    if (flag === undefined) continue;
    const next = words[index + 1];
    flags.set(flag, value ?? (next !== undefined && !next.startsWith('-') ? next : 'true'));
  }
  return flags;
}

/** Judges a rule on every process of its component. */
export function judgeFlags(rule: FlagRule, components: Components, notVisible: string): Outcome {
  const running = components.get(rule.component) ?? [];
  if (running.length === 0) return unassessed(`no pod of ${rule.component} is visible: ${notVisible}`);
  const outcomes = running.map((component) => judgeOne(rule, component));
  return (
    outcomes.find(({ verdict }) => verdict === 'fail') ??
    outcomes.find(({ verdict }) => verdict === 'not assessed') ??
    outcomes[0]!
  );
}

function judgeOne(rule: FlagRule, { pod, flags }: Component): Outcome {
  const { component, configuredBy, byDefault, expected, unseen } = rule;
  for (const flag of rule.flags) {
    const file = configuredBy ?? configurationFlag[component];
    if (file && flags.has(file) && (!flags.has(flag) || configuredBy === undefined))
      return unassessed(`${pod}: --${file} moves it into a file of the host`);
    const value = flags.get(flag) ?? byDefault;
    if (rule.accepts(value, flags)) continue;
    const told = flags.has(flag)
      ? `--${flag}=${value}`
      : `--${flag} is absent${byDefault === undefined ? '' : ` (${byDefault})`}`;
    return failed(`${pod}: ${told}; it ${expected}`);
  }
  if (unseen) return unassessed(`${pod}: ${unseen}`);
  const shown = rule.flags.map((flag) =>
    flags.has(flag) ? `--${flag}=${flags.get(flag)}` : `--${flag} is absent${byDefault ? ` (${byDefault})` : ''}`,
  );
  return passed(`${pod}: ${shown.join(', ')}`);
}
