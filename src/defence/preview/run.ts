import { resourceName } from '../../api/kind.ts';
import { reasonLengthMax } from '../../api/kinds/protection.ts';
import type { Client } from '../../client/client.ts';
import { UsageError } from '../../foundation/usage-error.ts';
import type { Manifest } from '../contract.ts';
import { refKey } from '../object-ref.ts';
import { asYaml } from '../report/lines.ts';
import { writeFile } from '../report/write-file.ts';
import { type Change, changedRef } from '../snapshot/snapshot.ts';
import { readSoundSource } from '../snapshot/sound.ts';
import type { Source, SourceOptions } from '../source.ts';
import { applyChanges, applyUndo, resourceOf } from './apply.ts';
import { allowListChange } from './changes/client-allow-list.ts';
import { outcomes, type Preview } from './impact.ts';
import { kindOf } from './merge.ts';
import { preview } from './preview.ts';
import { type ChangeWords, readChanges } from './read-change.ts';
import { countsOf, type PreviewFormat, renderPreview } from './report.ts';
import { resolveChanges } from './resolve.ts';
import { written } from './undo.ts';
import { readUndo, writeUndo } from './undo-file.ts';

export type PreviewOptions = {
  words: ChangeWords;
  /** The whole list of ranges from which clients may connect: no object of the API holds it. */
  allowFrom?: string[];
  format: PreviewFormat;
  colour: boolean;
  /** Make the change; `reason`: even though something breaks. */
  apply?: { reason: string | undefined; undoFile: string | undefined };
  /** A file that an earlier change left. */
  undo?: string;
  /** Where objects that would make everything safe are written. */
  allowances?: string;
};

/** Reads a cluster or manifests, previews and, when asked to, makes the change. Throws UsageError. */
export async function previewOn(
  source: SourceOptions,
  options: PreviewOptions,
): Promise<{ text: string; exitCode: number }> {
  const { apply, undo } = options;
  if (apply?.reason !== undefined && (apply.reason.trim() === '' || apply.reason.length > reasonLengthMax))
    throw new UsageError(`--accept needs a reason of at most ${reasonLengthMax} characters`);
  const read = await readSoundSource(source);
  try {
    if ((apply !== undefined || undo !== undefined) && read.client === undefined)
      throw new UsageError('manifests cannot be changed: --apply and --undo need a cluster');
    return undo === undefined
      ? await previewAndApply(read, options, source.nowMs)
      : await takeBack(read, undo, options, source.nowMs);
  } finally {
    read.close();
  }
}

async function previewAndApply(source: Source, options: PreviewOptions, nowMs: number) {
  const { words, allowFrom, format, colour, apply, allowances } = options;
  const wanted = readChanges(words, source.snapshot);
  const given = allowFrom === undefined ? [] : [allowListChange(allowFrom)];
  if (wanted.length + given.length === 0)
    throw new UsageError(
      words.files.length === 0
        ? 'nothing would change: name files with -f, or see rempart help preview'
        : `${words.files.join(', ')}: there is no object in it, so nothing would change`,
    );
  if (apply !== undefined && allowFrom !== undefined)
    throw new UsageError('the ranges of clients are given when the cluster starts: rempart up --allow-from');
  const told = await previewOf(source, wanted, given, nowMs);
  if (allowances !== undefined) writeAllowances(allowances, told);
  const text = renderPreview(told, source, format, colour);
  if (apply === undefined) return { text, exitCode: exitCodeOf(told) };
  const { breaks, unknown } = countsOf(told);
  // Ten seconds after a start nothing was seen yet: what is unknown is for a person to answer for, as what breaks is.
  const doubts = [...(breaks > 0 ? [`${breaks} would break`] : []), ...(unknown > 0 ? [`${unknown} may break`] : [])];
  if (doubts.length > 0 && apply.reason === undefined) {
    const why = `Not made: ${doubts.join(' and ')}. --accept REASON makes it all the same.`;
    return { text: `${text}${why}\n`, exitCode: exitCodeOf(told) };
  }
  const undoFile = apply.undoFile ?? `rempart-undo-${new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '')}.json`;
  wanted.forEach(resourceOf);
  // Written first: what cannot be taken back is not made.
  writeUndo(undoFile, await exactUndo(source.client!, [...told.undo, ...secretsIn(wanted, source)]));
  const takeBack = `rempart preview --undo ${undoFile}`;
  try {
    await applyChanges(source.client!, wanted, doubts.length > 0 ? apply.reason : undefined);
  } catch (error) {
    throw new UsageError(`${(error as Error).message}. To take back what was made: ${takeBack}`);
  }
  return { text: `${text}Made. To take it back: ${takeBack}\n`, exitCode: 0 };
}

/** A snapshot leaves out what a judgement may not see: what is put back is read as it is, as far as it may be. */
const exactUndo = (client: Client, undo: Change[]): Promise<Change[]> =>
  Promise.all(
    undo.map(async (change): Promise<Change> => {
      const kind = 'put' in change ? kindOf(change.put) : undefined;
      if (!('put' in change) || kind === undefined) return change;
      return { put: written(await client.get<Manifest>(resourceName(kind), change.put.metadata)) };
    }),
  );

/** Secrets that change: their values stand in no preview, and are read for the undo only. */
const secretsIn = (wanted: Change[], { snapshot }: Source): Change[] =>
  wanted.map(changedRef).flatMap((ref) => {
    const secret = ref.kind === 'Secret' ? snapshot.get(ref) : undefined;
    return secret === undefined ? [] : [{ put: secret }];
  });

async function takeBack(source: Source, file: string, { format, colour }: PreviewOptions, nowMs: number) {
  const changes = readUndo(file);
  const told = preview(source.snapshot, changes, source.observations, nowMs);
  await applyUndo(source.client!, changes);
  return { text: `${renderPreview(told, source, format, colour)}Taken back.\n`, exitCode: 0 };
}

/** Whole objects first, then what they do; what the API server refuses breaks, too. */
async function previewOf(
  { snapshot, client, observations, loaded }: Source,
  wanted: Change[],
  given: Change[],
  nowMs: number,
): Promise<Preview> {
  const { changes, refusals, notAssessed } = await resolveChanges(wanted, snapshot, client);
  const told = preview(snapshot, [...changes, ...given], observations, nowMs);
  const impacts = [...refusals, ...told.impacts];
  const unreadable = (loaded?.unreadable ?? []).map(({ what, why }) => `${what}: ${why}`);
  const coverage = { ...told.coverage, notAssessed: [...unreadable, ...notAssessed, ...told.coverage.notAssessed] };
  return {
    ...told,
    impacts: impacts.sort((a, b) => outcomes.indexOf(a.outcome) - outcomes.indexOf(b.outcome)),
    coverage,
  };
}

function exitCodeOf(told: Preview): number {
  const { breaks, unknown } = countsOf(told);
  if (breaks > 0) return 2;
  return unknown > 0 || told.coverage.notAssessed.length > 0 ? 3 : 0;
}

/** Every object once, as documents of YAML: what several allowances add to one policy stands in it together. */
function writeAllowances(file: string, { impacts }: Preview): void {
  const objects = new Map<string, Manifest>();
  for (const change of impacts.flatMap(({ allowance }) => allowance?.changes ?? []))
    if ('put' in change) {
      const ref = refKey(changedRef(change));
      objects.set(ref, together(objects.get(ref), change.put));
    }
  writeFile(file, asYaml([...objects.values()].map(written)), { mode: 0o600 });
}

/** Rules of NetworkPolicies add up; of anything else the last one counts. */
function together(first: Manifest | undefined, second: Manifest): Manifest {
  if (first === undefined || second.kind !== 'NetworkPolicy') return second;
  const spec = { ...second['spec'] };
  for (const direction of ['ingress', 'egress'] as const) {
    const rules = [...(first['spec'][direction] ?? []), ...(spec[direction] ?? [])];
    if (rules.length > 0) spec[direction] = [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()];
  }
  return { ...second, spec };
}
