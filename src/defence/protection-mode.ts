import type { JudgeContext } from './contract.ts';

export const protectionKind = 'Protection.defence.rempart.io';

/**
 * The mode of a protection where a cluster of Rempart is judged; `byDefault` where it has no object for it (yet).
 * Undefined elsewhere: other clusters, and manifests, which may go anywhere.
 */
export function protectionMode(context: JudgeContext, id: string, byDefault: string): string | undefined {
  if (context.source !== 'cluster' || !context.closedByDefault) return undefined;
  return context.get({ kind: protectionKind, namespace: '', name: id })?.['spec']?.mode ?? byDefault;
}
