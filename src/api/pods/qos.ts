import { compareQuantities } from '../../foundation/quantity.ts';
import type { Pod, ResourceRequirements } from '../schema/types.d.ts';

type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/**
 * Guaranteed: limits of cpu and memory everywhere, and requests that equal them; BestEffort: none states any. What is stated
 * for the whole pod stands for all containers. Source: kubernetes/kubernetes pkg/apis/core/v1/helper/qos/qos.go.
 */
export function qosClass({ spec }: Pod): QosClass {
  const found = { any: false, all: true };
  const whole = spec?.resources;
  if (whole?.requests || whole?.limits) look(whole, found);
  else {
    for (const { resources } of spec?.containers ?? []) look(resources, found);
    for (const { resources } of spec?.initContainers ?? []) look(resources, found);
  }
  if (!found.any) return 'BestEffort';
  return found.all ? 'Guaranteed' : 'Burstable';
}

function look(resources: ResourceRequirements | undefined, found: { any: boolean; all: boolean }): void {
  for (const name of measured) {
    const limit = resources?.limits?.[name] ?? '0';
    const request = resources?.requests?.[name] ?? limit;
    const isLimited = isMoreThanZero(limit);
    if (isLimited || isMoreThanZero(request)) found.any = true;
    if (!isLimited || compareQuantities(request, limit) !== 0) found.all = false;
  }
}

const measured = ['cpu', 'memory'] as const;

const isMoreThanZero = (quantity: string): boolean => quantity !== '0' && compareQuantities(quantity, '0') > 0;
