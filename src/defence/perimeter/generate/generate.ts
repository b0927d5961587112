import type { Flow, Observations } from '../../../api/observations/observation.ts';
import { placesOf } from '../../observations/places.ts';
import { doubtsOf } from '../../snapshot/network-doubts.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import { worldOfSnapshot } from '../../snapshot/world.ts';
import { createBuilder, type GeneratedPolicy } from './builder.ts';
import { behindServices, flowText, isIPv4, windowTexts } from './seen.ts';
import { sideEffects } from './side-effects.ts';
import { uncoveredFlows } from './uncovered.ts';

export type Generated = {
  policies: GeneratedPolicy[];
  /** Flows that were let through, and would not be by these policies, or not for sure. */
  notCovered: { flow: string; why: string }[];
  /** What no policy was made for, and why. */
  skipped: { what: string; why: string }[];
  covered: string[];
  warnings: string[];
};

/**
 * One NetworkPolicy per workload that was seen to take part in a flow, allowing what was seen, and DNS. Then the
 * evaluator judges every flow again with these policies in force: what they would cut is told, not hidden.
 */
export function generatePolicies(snapshot: Snapshot, observations: Observations, namespaces?: string[]): Generated {
  const model = worldOfSnapshot(snapshot);
  const places = placesOf(model, model);
  const allowed = observations.flows.filter(({ allowed }) => allowed);
  const flows = behindServices(
    snapshot,
    model,
    allowed.filter(({ from, to }) => isIPv4(from) && isIPv4(to)),
  );
  const builder = createBuilder(snapshot, model, places, namespaces);
  for (const flow of flows) builder.add(flow);
  const policies = builder.policies();
  const within = ({ from, to }: Flow) => builder.isChosen(from) || builder.isChosen(to);
  const sixes = allowed.filter(({ from, to }) => !isIPv4(from) || !isIPv4(to)).filter(within);
  const { covered, warnings } = windowTexts(observations.windows.flows);
  return {
    policies,
    notCovered: [
      ...uncoveredFlows(
        snapshot,
        policies.map(({ policy }) => policy),
        flows.filter(within),
      ),
      ...sixes.map((flow) => ({ flow: flowText(flow), why: 'IPv6 is not generated' })),
    ],
    skipped: builder.skipped(),
    covered,
    warnings: [
      ...warnings,
      ...sideEffects(policies, model),
      ...doubtsOf(model).map(({ what, why }) => `${what}: ${why}`),
    ],
  };
}
