import { join } from 'node:path';
import type { Pod } from '../../api/schema/types.d.ts';

/** What the agent gives a pod's containers to write to: it takes room on the node's disk like all else they write. */
export const hostsFileOf = (podsDirectory: string, { metadata }: Pod) =>
  join(podsDirectory, metadata.uid!, 'etc-hosts');

/** Holds a folder per container. */
export const messagesDirectoryOf = (podsDirectory: string, { metadata }: Pod) =>
  join(podsDirectory, metadata.uid!, 'containers');

/** What one attempt of a container writes to its terminationMessagePath. */
export const messageFileOf = (podsDirectory: string, pod: Pod, name: string, attempt: number) =>
  join(messagesDirectoryOf(podsDirectory, pod), name, `${attempt}.message`);
