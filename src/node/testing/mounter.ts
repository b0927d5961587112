import type { Mounter } from '../volumes/mounter.ts';

/** For tests without the right to mount: directories stay plain directories, and binds are refused. */
export const plainMounter: Mounter = {
  tmpfs: async () => {},
  bind: async () => {
    throw new Error('this agent may not mount: subPath needs root');
  },
  makeShared: async () => {},
  unmount: async () => {},
  below: async () => [],
};
