import { isolationOf, isolationProtection, readIsolation } from '../../policy/policy.ts';
import type { JudgeContext } from '../contract.ts';
import { protectionMode } from '../protection-mode.ts';

/** Of a cluster of Rempart: is a pod that no policy selects kept from other namespaces, and from the outside? */
export function isIsland(context: JudgeContext, name: string): boolean {
  const mode = protectionMode(context, isolationProtection, 'island');
  if (mode === undefined) return false;
  const labels = context.get({ kind: 'Namespace', namespace: '', name })?.metadata.labels ?? {};
  return ['island', 'deny'].includes(isolationOf({ name, labels }, readIsolation(mode)));
}
