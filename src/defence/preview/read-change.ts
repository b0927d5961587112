import { kinds } from '../../api/api.ts';
import { resourceName } from '../../api/kind.ts';
import { podSecurityDefaults } from '../../api/pod-security/modes.ts';
import { UsageError } from '../../foundation/usage-error.ts';
import { loadManifests } from '../manifests/load.ts';
import { kindNameOf, type ObjectRef, objectText, refOf } from '../object-ref.ts';
import { protectionKind } from '../protection-mode.ts';
import type { Change, Snapshot } from '../snapshot/snapshot.ts';
import { serverSays } from '../snapshot/sound.ts';
import { enforceChange } from './changes/pod-security.ts';
import { kindOf } from './merge.ts';

/** More than any release has; each is asked of the API server by itself. */
const changesMax = 5000;

/** The words of the command line that say what would change. */
export type ChangeWords = {
  /** Files, folders, or `-`. */
  files: string[];
  /** What stands in the files is removed. */
  deletes: boolean;
  /** `KIND/NAMESPACE/NAME`, `KIND/NAME`. */
  removals: string[];
  /** `ID=MODE` */
  protections: string[];
  /** `NAMESPACE=LEVEL` or `NAMESPACE=LEVEL:VERSION` */
  podSecurity: string[];
};

/** Every change that is asked for, as it is written: `merge.ts` makes whole objects of it. Throws UsageError. */
export function readChanges(words: ChangeWords, snapshot: Snapshot): Change[] {
  const changes = [
    ...words.files.flatMap((file) => readFile(file, words.deletes)),
    ...words.removals.map((text) => removal(text, snapshot)),
    ...words.protections.map((text) => protectionChange(text, snapshot)),
    ...words.podSecurity.map((text) => podSecurityChange(text, snapshot)),
  ];
  if (changes.length > changesMax)
    throw new UsageError(`more than ${changesMax} changes at once: preview them in parts`);
  return changes;
}

function readFile(file: string, deletes: boolean): Change[] {
  const { objects, unassessed, unreadable } = loadManifests(file);
  const [bad] = [...unreadable, ...unassessed];
  if (bad !== undefined)
    throw new UsageError(`${bad.what}: ${bad.why}. A change that cannot be read as a whole is not previewed`);
  return objects.map(({ object, origin }) => {
    if (typeof object.metadata.name !== 'string' || object.metadata.name === '')
      throw new UsageError(
        `${origin.file}: a ${object.kind} without metadata.name: what it would change cannot be said`,
      );
    const { refused } = deletes ? {} : serverSays(object);
    if (refused !== undefined)
      throw new UsageError(
        `${origin.file}:${origin.lineOf([])} ${objectText(object)}: an API server refuses it: ${refused}`,
      );
    const kind = kindOf(object);
    const namespace = kind?.namespaced === false ? undefined : object.metadata.namespace || (kind && 'default');
    const { namespace: _, ...metadata } = object.metadata;
    const put = { ...object, metadata: { ...metadata, ...(namespace === undefined ? {} : { namespace }) } };
    return deletes ? { remove: refOf(put) } : { put };
  });
}

/** `networkpolicy/shop/database`, by any name that kubectl knows the kind by. */
function removal(text: string, snapshot: Snapshot): Change {
  const parts = text.split('/');
  const [word = '', ...names] = parts;
  const kind = kinds.find((candidate) =>
    [candidate.kind, candidate.resource, candidate.singular, ...candidate.shortNames, resourceName(candidate)]
      .map((name) => name.toLowerCase())
      .includes(word.toLowerCase()),
  );
  if (kind === undefined || names.length === 0 || names.length > 2 || names.includes(''))
    throw new UsageError(`${text}: what is removed is written KIND/NAMESPACE/NAME, or KIND/NAME for the whole cluster`);
  const name = names.at(-1)!;
  const namespace = kind.namespaced ? (names.length === 2 ? names[0]! : 'default') : '';
  const ref: ObjectRef = { kind: kindNameOf(kind), namespace, name };
  const why = snapshot.whyUnread(ref.kind);
  if (snapshot.get(ref) === undefined && why === undefined) throw new UsageError(`${text}: there is no such object`);
  return { remove: ref };
}

/** Which modes there are is known where the protection is. Anywhere else any word is taken, but that of a level. */
function protectionChange(text: string, snapshot: Snapshot): Change {
  const [, name, mode] = /^([a-z-]+)=([a-z]+)$/.exec(text) ?? [];
  if (name === undefined || mode === undefined) throw new UsageError(`${text}: a protection's mode is written ID=MODE`);
  const said: unknown = snapshot.get({ kind: protectionKind, namespace: '', name })?.['status']?.modes;
  const modes = said ?? (name === 'pod-security' ? podSecurityDefaults : undefined);
  if (Array.isArray(modes) && !modes.includes(mode))
    throw new UsageError(`${text}: protection ${name} has no mode "${mode}": it may be ${modes.join(', ')}`);
  if (said === undefined && snapshot.of(protectionKind).length > 0)
    throw new UsageError(`${text}: there is no protection ${name}: kubectl get protections names them`);
  const [kind, group] = protectionKind.split(/\.(.*)/s) as [string, string];
  return { put: { apiVersion: `${group}/v1alpha1`, kind, metadata: { name }, spec: { mode } } };
}

function podSecurityChange(text: string, snapshot: Snapshot): Change {
  const [, name = '', level, version] =
    /^([a-z0-9-]+)=(privileged|baseline|restricted)(?::(latest|v1\.\d{1,3}))?$/.exec(text) ?? [];
  if (level === undefined)
    throw new UsageError(`${text}: a level is written NAMESPACE=LEVEL, with privileged, baseline or restricted`);
  if (snapshot.get({ kind: 'Namespace', namespace: '', name }) === undefined) {
    const unread = snapshot.whyUnread('Namespace');
    if (unread !== undefined) throw new UsageError(`${text}: namespaces could not be read: ${unread}`);
    throw new UsageError(`${text}: there is no namespace ${name}`);
  }
  return enforceChange({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, level, version);
}
