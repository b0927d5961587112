import { UsageError } from '../../foundation/usage-error.ts';
import type { Explanation, Party, Protocol } from '../../policy/policy.ts';
import { doubtAbout } from '../snapshot/network-doubts.ts';
import { type Place, placesOf, targetsOf } from './ends.ts';
import type { ReachModel } from './model.ts';

export type ReachVerdict = 'yes' | 'no' | 'unknown';

/** The answer for one pair of ends and one port. `why` stands where there is nothing to explain. */
export type Answer = {
  verdict: ReachVerdict;
  from: string;
  to: string;
  protocol?: Protocol;
  port?: number;
  explanation?: Explanation;
  why?: string;
};

/** `mixed`: what the question names is several ends or ports, and they differ. */
export type ReachReport = { verdict: ReachVerdict | 'mixed'; answers: Answer[] };

/** Of ends and ports that a question may stand for: more is a question for the table. */
const answersMax = 1000;

const verdicts = { allowed: 'yes', denied: 'no', unknown: 'unknown' } as const;

/**
 * May `from` reach `to`? Both name what `placesOf` and `targetsOf` know; every pair that policies can tell apart gets an
 * answer of its own. Throws UsageError for what does not exist.
 */
export function askReach(model: ReachModel, from: string, to: string): ReachReport {
  const targets = targetsOf(model, to);
  const places = placesOf(model, from);
  if (places.length * targets.length > answersMax)
    throw new UsageError(
      `"${from}" to "${to}" is ${places.length * targets.length} questions, more than ${answersMax}: name one pod, or leave out where to`,
    );
  const answers = places.flatMap((source) =>
    targets.map((target): Answer => {
      if ('unknown' in target) return { verdict: 'unknown', from: source.label, to, why: target.unknown };
      const { label, protocol, port } = target;
      const explanation = model.evaluator.explain(source.party, apart(source, target), protocol, port);
      const why =
        model.blind ??
        doubtAbout(model, [source.party, target.party].map(namespaceOf), explanation.verdict !== 'denied');
      const verdict = why === undefined ? verdicts[explanation.verdict] : 'unknown';
      const said = why === undefined ? {} : { why };
      return { verdict, from: source.label, to: label, protocol, port, explanation, ...said };
    }),
  );
  const found = new Set(answers.map(({ verdict }) => verdict));
  return { verdict: found.size === 1 ? answers[0]!.verdict : 'mixed', answers };
}

const namespaceOf = (party: Party): string | undefined =>
  'pod' in party ? party.pod.slice(0, party.pod.indexOf('/')) : undefined;

/** Among several pods that are alike, another one than the source: a pod always reaches itself. */
function apart(source: Place, target: Place): Party {
  const isSelf = 'pod' in source.party && 'pod' in target.party && source.party.pod === target.party.pod;
  return isSelf && target.others.length > 0 ? { pod: target.others[0]! } : target.party;
}
