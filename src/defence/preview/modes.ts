import { writtenMode } from '../protection-mode.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

/** The modes of protections where no object says them: on our clusters, and on one that is open by default. */
const unsaid: Record<string, { closed: string; open: string }> = {
  'pod-security': { closed: 'restricted', open: 'privileged' },
  'namespace-isolation': { closed: 'island', open: 'off' },
};

/** The mode of a protection as a snapshot has it. */
export function modeIn(snapshot: Snapshot, id: string): string {
  const said: unknown = writtenMode(snapshot, id);
  const { closed, open } = unsaid[id] ?? { closed: 'enforce', open: 'off' };
  return typeof said === 'string' ? said : snapshot.closedByDefault ? closed : open;
}
