import type { KubernetesObject } from '../../api/object.ts';

/** Does the pod use the named secret, config map, claim or service account of its namespace? */
export function podUses(pod: KubernetesObject, resource: string, name: string): boolean {
  const { spec } = pod;
  if (resource === 'serviceaccounts') return (spec.serviceAccountName ?? 'default') === name;
  if (resource === 'persistentvolumeclaims') return claimNames(pod).includes(name);
  return references(spec, resource === 'secrets').includes(name);
}

/** Does the pod use any object of the API at all? */
export function usesObjects(pod: KubernetesObject): boolean {
  const { serviceAccountName, resourceClaims = [], volumes = [] } = pod.spec;
  const named = [...claimNames(pod), ...references(pod.spec, true), ...references(pod.spec, false), ...resourceClaims];
  return (
    Boolean(serviceAccountName) || named.length > 0 || volumes.some(({ projected }: any) => projected !== undefined)
  );
}

function claimNames({ metadata, spec }: KubernetesObject): string[] {
  const names: string[] = [];
  for (const volume of spec.volumes ?? []) {
    if (volume.persistentVolumeClaim !== undefined) names.push(volume.persistentVolumeClaim.claimName);
    if (volume.ephemeral !== undefined) names.push(`${metadata.name}-${volume.name}`);
  }
  return names;
}

function references(spec: any, secrets: boolean): string[] {
  const names: (string | undefined)[] = [];
  if (secrets) for (const { name } of spec.imagePullSecrets ?? []) names.push(name);
  const containers = [spec.containers, spec.initContainers, spec.ephemeralContainers].flatMap((list) => list ?? []);
  for (const container of containers) {
    for (const { secretRef, configMapRef } of container.envFrom ?? [])
      names.push((secrets ? secretRef : configMapRef)?.name);
    for (const { valueFrom } of container.env ?? [])
      names.push((secrets ? valueFrom?.secretKeyRef : valueFrom?.configMapKeyRef)?.name);
  }
  for (const volume of spec.volumes ?? []) names.push(...(secrets ? volumeSecrets(volume) : volumeConfigMaps(volume)));
  return names.filter((name) => name !== undefined);
}

function volumeSecrets(volume: any): (string | undefined)[] {
  const projected = (volume.projected?.sources ?? []).map((source: any) => source.secret?.name);
  const drivers = ['cephfs', 'cinder', 'flexVolume', 'iscsi', 'rbd', 'scaleIO', 'storageos'];
  const ofDrivers = drivers.map((driver) => volume[driver]?.secretRef?.name);
  return [
    volume.secret?.secretName,
    volume.azureFile?.secretName,
    volume.csi?.nodePublishSecretRef?.name,
    ...projected,
    ...ofDrivers,
  ];
}

function volumeConfigMaps(volume: any): (string | undefined)[] {
  return [volume.configMap?.name, ...(volume.projected?.sources ?? []).map((source: any) => source.configMap?.name)];
}
