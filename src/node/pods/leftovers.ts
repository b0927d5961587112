import type { Pod } from '../../api/schema/types.d.ts';
import type { Sandbox } from '../runtimes/runtime.ts';
import type { NodeContext } from './context.ts';
import { graceAnnotation } from './sandbox-config.ts';

export type LeftoversContext = Pick<NodeContext, 'observed' | 'volumes' | 'cgroups' | 'log'>;

export type LeftoversOptions = {
  /** Uids of the pods that are looked after. */
  known(): string[];
  /** Takes up enough of a pod that nobody wants any more to end it within its grace period. */
  end(pod: Pod, graceSeconds: number): void;
};

/** What pods left behind that went while the agent was away: containers are ended, volumes and cgroups removed. */
export async function collectLeftovers(context: LeftoversContext, { known, end }: LeftoversOptions): Promise<void> {
  const { observed, volumes, cgroups, log } = context;
  const looked = new Set(known());
  for (const uid of observed.uids().filter((each) => !looked.has(each))) {
    const sandbox = observed.ofPod(uid)[0]!;
    end(podOf(sandbox), Number(sandbox.annotations[graceAnnotation] ?? 30) || 1);
  }
  // Asked anew for each: a pod may have come since the directories were read.
  const isKnown = (uid: string) => known().includes(uid) || observed.ofPod(uid).length > 0;
  for (const uid of await volumes.present())
    if (!isKnown(uid))
      await volumes.release(uid).catch((error) => log.warn('volumes of a gone pod stay', { uid, error }));
  await cgroups.removeOthers(new Set([...known(), ...observed.uids()]));
}

/** Enough of a pod to stop what is left of it. */
function podOf({ name, namespace, uid, labels }: Sandbox): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, uid, labels }, spec: { containers: [] } } as Pod;
}
