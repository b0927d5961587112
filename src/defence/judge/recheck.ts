import { copyJson } from '../../foundation/json.ts';
import type { Check, Finding, JudgeContext, Manifest, PatchOperation, Verdict } from '../contract.ts';
import { formatField } from '../field.ts';
import { applyPatch } from '../patch.ts';
import { judgeOne } from './verdict.ts';

const keyOf = ({ field, reason }: Finding) => `${formatField(field)} ${reason}`;
const findingsOf = (verdict: Verdict) => (verdict.verdict === 'fail' ? verdict.findings : []);

/** The proposed patch when, with it, this finding is gone and no other has come. Files hold objects of any shape. */
export function recheck(
  check: Check,
  object: Manifest,
  finding: Finding,
  context: JudgeContext,
): PatchOperation[] | undefined {
  const patch = patchOf(finding);
  if (patch === undefined) return undefined;
  const mended = copyJson(object);
  if (!applyPatch(mended, patch)) return undefined;
  const before = new Set(findingsOf(judgeOne(check, object, context)).map(keyOf));
  const verdict = judgeOne(check, mended, context);
  if (verdict.verdict === 'not assessed') return undefined;
  const after = findingsOf(verdict).map(keyOf);
  return after.includes(keyOf(finding)) || after.some((key) => !before.has(key)) ? undefined : patch;
}

/** Patches are made when they are asked for: of an object that is not formed as its kind is, there may be none. */
function patchOf(finding: Finding): PatchOperation[] | undefined {
  try {
    return finding.patch;
  } catch {
    return undefined;
  }
}
