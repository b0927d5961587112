import { matchesLabels } from '../../api/selectors.ts';
import { compareQuantities } from '../../foundation/quantity.ts';
import type { AdmissionPlugin } from '../contracts.ts';
import { createdPod, refusal } from './about.ts';

/** A pod of a RuntimeClass carries its overhead and runs only where that runtime is. */
export const runtimeClass: AdmissionPlugin = {
  name: 'RuntimeClass',
  mutate(request) {
    const pod = createdPod(request);
    const name: string | undefined = pod?.['spec'].runtimeClassName;
    if (pod === undefined || !name) return;
    const found = request.lookup.get('runtimeclasses.node.k8s.io', '', name);
    if (found === undefined) throw refusal(request, `pod rejected: RuntimeClass "${name}" not found`);
    const { spec } = pod;
    if (found['overhead']?.podFixed !== undefined) spec.overhead ??= structuredClone(found['overhead'].podFixed);
    const { nodeSelector = {}, tolerations = [] } = found['scheduling'] ?? {};
    const clash = Object.keys(nodeSelector).find(
      (key) => (spec.nodeSelector?.[key] ?? nodeSelector[key]) !== nodeSelector[key],
    );
    if (clash !== undefined)
      throw refusal(
        request,
        `pod rejected: conflict: runtimeClass.scheduling.nodeSelector[${clash}] differs from the pod's`,
      );
    if (!matchesLabels(nodeSelector, spec.nodeSelector)) spec.nodeSelector = { ...spec.nodeSelector, ...nodeSelector };
    const present = new Set((spec.tolerations ?? []).map((item: object) => JSON.stringify(item)));
    const added = tolerations.filter((item: object) => !present.has(JSON.stringify(item)));
    if (added.length > 0) spec.tolerations = [...(spec.tolerations ?? []), ...structuredClone(added)];
  },
  validate(request) {
    const { overhead, runtimeClassName } = createdPod(request)?.['spec'] ?? {};
    if (overhead === undefined) return;
    const found = runtimeClassName && request.lookup.get('runtimeclasses.node.k8s.io', '', runtimeClassName);
    if (sameAmounts(overhead, found?.['overhead']?.podFixed)) return;
    throw refusal(request, 'pod rejected: spec.overhead of the pod is not what its RuntimeClass gives: remove it');
  },
};

function sameAmounts(asked: Record<string, string>, given: Record<string, string> = {}): boolean {
  const names = Object.keys(asked);
  return (
    names.length === Object.keys(given).length &&
    names.every((name) => Object.hasOwn(given, name) && compareQuantities(asked[name]!, given[name]!) === 0)
  );
}
