import { equalJson } from '../../foundation/json.ts';
import type { AppArmorProfile, Pod } from '../schema/types.d.ts';

/** Followed by the name of a container: how a profile was asked for before there was a field. */
export const appArmorAnnotation = 'container.apparmor.security.beta.kubernetes.io/';

/**
 * Writes into the fields what annotations say, unless the container or its pod says so already: nodes look at fields
 * only. Source: kubernetes/kubernetes pkg/registry/core/pod/strategy.go, applyAppArmorVersionSkew.
 */
export function takeAppArmorAnnotations({ metadata: { annotations }, spec }: Pod): void {
  if (!annotations || !spec || spec.os?.name === 'windows') return;
  const { initContainers = [], containers = [], ephemeralContainers = [] } = spec;
  for (const container of [...initContainers, ...containers, ...ephemeralContainers]) {
    const key = appArmorAnnotation + container.name;
    if (!Object.hasOwn(annotations, key) || container.securityContext?.appArmorProfile) continue;
    const appArmorProfile = profileOf(annotations[key]!);
    if (appArmorProfile === undefined || equalJson(appArmorProfile, spec.securityContext?.appArmorProfile)) continue;
    container.securityContext = { ...container.securityContext, appArmorProfile };
  }
}

function profileOf(annotation: string): AppArmorProfile | undefined {
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' };
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  const localhostProfile = /^localhost\/(\S|\S.*\S)$/s.exec(annotation)?.[1];
  return localhostProfile === undefined ? undefined : { type: 'Localhost', localhostProfile };
}
