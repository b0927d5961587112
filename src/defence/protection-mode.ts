import type { JudgeContext } from './contract.ts';

export const protectionKind = 'Protection.defence.rempart.io';

/** The mode that the Protection of this name asks for; undefined: there is none, as on other clusters. */
export const writtenMode = (snapshot: Pick<JudgeContext, 'get'>, id: string): string | undefined =>
  snapshot.get({ kind: protectionKind, namespace: '', name: id })?.['spec']?.mode;

/**
 * The mode of a protection where a cluster of Rempart is judged; `byDefault` where it has no object for it (yet).
 * Undefined elsewhere: other clusters, and manifests, which may go anywhere.
 */
export function protectionMode(context: JudgeContext, id: string, byDefault: string): string | undefined {
  if (context.source !== 'cluster' || !context.closedByDefault) return undefined;
  return writtenMode(context, id) ?? byDefault;
}
