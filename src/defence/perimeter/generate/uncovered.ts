import type { Flow } from '../../../api/observations/observation.ts';
import { createEvaluator, type ExplainedSide, type Explanation } from '../../../policy/policy.ts';
import type { Manifest } from '../../contract.ts';
import { placesOf, withStandIns } from '../../observations/places.ts';
import { type Snapshot, withChanges } from '../../snapshot/snapshot.ts';
import { worldOfSnapshot } from '../../snapshot/world.ts';
import { flowText } from './seen.ts';

/** Every flow judged once more with the policies in force: those that would be cut, or may be, with why. */
export function uncoveredFlows(
  snapshot: Snapshot,
  policies: Manifest[],
  flows: Flow[],
): { flow: string; why: string }[] {
  const before = worldOfSnapshot(snapshot);
  const after = worldOfSnapshot(
    withChanges(
      snapshot,
      policies.map((put) => ({ put })),
    ),
  );
  const places = placesOf(before, after);
  const ends = flows.map((flow) => ({ flow, from: places.place(flow.from).after, to: places.place(flow.to).after }));
  const evaluator = createEvaluator(withStandIns(after.world, places.standIns));
  return ends.flatMap(({ flow, from, to }) => {
    if (from === undefined || to === undefined) return [{ flow: flowText(flow), why: 'one of its ends is gone' }];
    const explanation = evaluator.explain(from, to, flow.protocol, flow.port);
    return explanation.verdict === 'allowed' ? [] : [{ flow: flowText(flow), why: whyNot(explanation) }];
  });
}

function whyNot({ egress, ingress }: Explanation): string {
  const reason = (side: ExplainedSide, direction: string) => {
    if (side.doubts.length > 0) return [`${direction}: ${side.doubts.join('; ')}`];
    if (side.allowed) return [];
    const misses = side.nearest?.differs.map(({ what, wanted, found }) => `${what} ${found}, not ${wanted}`) ?? [];
    return [
      `${direction}: ${side.why === 'policy' ? `refused by ${side.by.join(', ')}` : side.why}${misses.length > 0 ? ` (${misses.join('; ')})` : ''}`,
    ];
  };
  return [...reason(egress, 'egress'), ...reason(ingress, 'ingress')].join('; ');
}
