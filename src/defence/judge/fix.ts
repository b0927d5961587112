import { randomBytes } from 'node:crypto';
import { chmodSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { type Document, isCollection, isMap, isSeq, parseDocument } from 'yaml';
import { UsageError } from '../../foundation/usage-error.ts';
import type { Check, JudgeContext, Manifest, PatchOperation } from '../contract.ts';
import { pointerKeys } from '../field.ts';
import { readDocuments, split } from '../manifests/documents.ts';
import type { Loaded, LoadedObject } from '../manifests/load.ts';
import { type FieldChange, spliceAll } from '../manifests/splice.ts';
import { readOptions } from '../manifests/thorough.ts';
import { applyPatch } from '../patch.ts';
import { checksFor } from './judge.ts';
import { recheck } from './recheck.ts';
import { judgeOne } from './verdict.ts';

/** A patch of a patch: far above what an object can need, against a check that would mend for ever. */
const roundsMax = 1000;

/**
 * What mends an object as far as checks know how, in the order of the checks: each patch was judged on what the ones
 * before it made. `waived` keeps what an exception allows.
 */
export function mendsOf(
  object: Manifest,
  checks: Check[],
  context: JudgeContext,
  waived: (check: Check, field: (string | number)[]) => boolean,
): PatchOperation[] {
  let mended = object;
  const all: PatchOperation[] = [];
  for (const check of checksFor(object, checks))
    for (let round = 0; round < roundsMax; round++) {
      const verdict = judgeOne(check, mended, context);
      if (verdict.verdict !== 'fail') break;
      const patch = verdict.findings
        .filter(({ field }) => !waived(check, field))
        .map((finding) => recheck(check, mended, finding, context))
        .find((found) => found !== undefined);
      if (patch === undefined) break;
      // A new object each time: what was judged stays as it was.
      mended = structuredClone(mended);
      applyPatch(mended, patch);
      all.push(...patch);
    }
  return all;
}

export type Fixed = { file: string; objects: number };
export type Unfixed = { file: string; line: number; why: string };

/** Writes patches into the files that the objects came from; comments, order and everything else stay. */
export function fixFiles(
  { files, objects }: Loaded,
  patchOf: (object: LoadedObject) => PatchOperation[],
): { fixed: Fixed[]; unfixed: Unfixed[] } {
  const fixed: Fixed[] = [];
  const unfixed: Unfixed[] = [];
  const byFile = Map.groupBy(objects, ({ origin }) => origin.file);
  for (const { file, text } of files) {
    const parts = split(text);
    const byDocument = Map.groupBy(byFile.get(file) ?? [], ({ document }) => document.index);
    let count = 0;
    for (const [index, part] of parts.entries()) {
      const own = byDocument.get(index) ?? [];
      const patches = own.map((object) => ({ object, patch: patchOf(object) })).filter(({ patch }) => patch.length > 0);
      if (patches.length === 0) continue;
      const written = editDocument(
        part.text,
        patches.map(({ object, patch }) => ({ prefix: object.prefix, patch })),
      );
      if ('why' in written) unfixed.push({ file, line: part.firstLine, why: written.why });
      else {
        part.text = written.text;
        count += patches.length;
      }
    }
    if (count === 0) continue;
    writeAtomically(file, parts.map((part) => part.text).join(''));
    fixed.push({ file, objects: count });
  }
  return { fixed, unfixed };
}

type Edit = { prefix: (string | number)[]; patch: PatchOperation[] };

/** The text of one document with the patches in it, proven by reading it again. */
export function editDocument(text: string, edits: Edit[]): { text: string } | { why: string } {
  // Nothing stands before the dashes that a document may begin with: that is read as a document, too.
  const document = readDocuments(text).documents.at(-1);
  if (document?.hasAliases)
    return { why: 'the document has aliases: a change would show at each of them, so make it by hand' };
  const expected = structuredClone(document?.value) as any;
  for (const { prefix, patch } of edits) {
    const object = prefix.reduce((value, key) => value[key], expected);
    if (!applyPatch(object, patch)) return { why: 'the change does not apply to the document: make it by hand' };
  }
  if (hasLongNumber(expected)) return { why: 'a number in it has more digits than would be written back' };
  if (isJson(text)) {
    const indent = /\n([ \t]+)"/.exec(text)?.[1] ?? (text.trim().includes('\n') ? '  ' : '');
    return { text: `${JSON.stringify(expected, null, indent)}${/\n$/.test(text) ? '\n' : ''}` };
  }
  const changes = edits.map(({ prefix, patch }) =>
    patch.map(({ path, ...rest }): FieldChange => ({ keys: [...prefix, ...pointerKeys(path)], ...rest })),
  );
  let edited = text;
  // Objects stand apart: the text is read as often as one of them changes, not as all of them do.
  for (let round = 0; changes.some((own) => own.length > round); round++) {
    const spliced = spliceAll(
      edited,
      changes.flatMap((own) => own[round] ?? []),
    );
    edited = spliced.left.length === 0 ? spliced.text : rewrite(spliced.text, spliced.left);
  }
  if (hasOnlyCrlf(text)) edited = edited.replaceAll(/\r?\n/g, '\r\n');
  const again = readDocuments(edited);
  if (again.broken.length > 0 || !isDeepStrictEqual(again.documents.at(-1)?.value, expected))
    return { why: 'the change cannot be written without changing more than it should' };
  return { text: edited };
}

const hasLongNumber = (value: unknown): boolean =>
  typeof value === 'number'
    ? Number.isInteger(value) && !Number.isSafeInteger(value)
    : typeof value === 'object' && value !== null && Object.values(value).some(hasLongNumber);

/** YAML in braces looks like it, and may have comments. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const hasOnlyCrlf = (text: string) => text.includes('\r\n') && !/(^|[^\r])\n/.test(text);

/** For changes that have no place of their own: comments and order stay, spaces may not. */
function rewrite(text: string, changes: FieldChange[]): string {
  const document = parseDocument(text, readOptions);
  for (const change of changes)
    if (change.op === 'remove') document.deleteIn(change.keys);
    else addIn(document, change);
  return document.toString({
    lineWidth: 0,
    indentSeq: !/^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\n\1- /m.test(text),
    flowCollectionPadding: !/\{\S/.test(text),
  });
}

function addIn(document: Document.Parsed, { keys, op, value }: FieldChange): void {
  const parent = document.getIn(keys.slice(0, -1), true);
  const key = keys.at(-1)!;
  if (isSeq(parent) && op === 'add') {
    const at = key === '-' ? parent.items.length : Number(key);
    parent.items.splice(at, 0, document.createNode(value));
  } else if (isCollection(parent)) {
    const node = document.createNode(value);
    // What stands in braces stays in braces.
    if (isMap(parent) && parent.flow && isCollection(node)) node.flow = true;
    parent.set(isMap(parent) ? key : Number(key), node);
  } else document.setIn(keys, document.createNode(value));
}

/** All or nothing, with the rights that the file had. */
function writeAtomically(named: string, text: string): void {
  // Where the name is a link, its target is replaced, not the link.
  const file = realpathSync(named);
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary, text, { flag: 'wx' });
    chmodSync(temporary, statSync(file).mode);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new UsageError(`${file}: cannot be written (${(error as Error).message})`);
  }
}
