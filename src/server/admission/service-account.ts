import type { KubernetesObject } from '../../api/object.ts';
import { isMirrorPod } from '../../api/pods/mirror-pod.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../contracts.ts';
import { generatedName } from '../storage/storage.ts';
import { createdPod, refusal } from './about.ts';

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** A little more than an hour: agents renew at 80 % of what they asked for. */
const tokenLifetimeSeconds = 3607;

/**
 * Every pod runs as a ServiceAccount of its namespace: `default` when it names none. Its token is mounted unless pod or
 * account say no; a token has no rights until a role gives it some.
 */
export const serviceAccount: AdmissionPlugin = {
  name: 'ServiceAccount',
  mutate(request) {
    const pod = createdPod(request);
    if (pod === undefined) return;
    if (isMirrorPod(pod)) return checkMirrorPod(request, pod);
    const { spec } = pod;
    spec.serviceAccountName ||= 'default';
    spec.serviceAccount = spec.serviceAccountName;
    const account = request.lookup.get('serviceaccounts', request.namespace, spec.serviceAccountName);
    if (account === undefined)
      throw refusal(
        request,
        `error looking up service account ${request.namespace}/${spec.serviceAccountName}: ` +
          `serviceaccount "${spec.serviceAccountName}" not found`,
      );
    if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(spec);
    if ((spec.imagePullSecrets ?? []).length === 0 && account.imagePullSecrets !== undefined)
      spec.imagePullSecrets = structuredClone(account.imagePullSecrets);
  },
  validate(request) {
    const containers = request.object?.spec?.ephemeralContainers ?? [];
    if (createdPod(request) !== undefined && containers.length > 0)
      throw refusal(request, 'spec.ephemeralContainers: may not be set when a pod is created');
  },
};

/** A node may show a pod of its own, but not lend it an identity. */
function checkMirrorPod(request: AdmissionRequest, { spec }: KubernetesObject): void {
  if (spec.serviceAccountName) throw refusal(request, 'a mirror pod may not reference service accounts');
  const sources = (spec.volumes ?? []).flatMap((volume: any) => volume.projected?.sources ?? []);
  if (sources.some((source: any) => source.serviceAccountToken !== undefined))
    throw refusal(request, 'a mirror pod may not use service account token volumes');
}

function mountToken(spec: KubernetesObject['spec']): void {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  const lacking = containers.filter(
    ({ volumeMounts = [] }: any) => !volumeMounts.some((mount: any) => mount.mountPath === mountPath),
  );
  if (lacking.length === 0) return;
  const isToken = ({ name, projected }: any) => projected !== undefined && name.startsWith('kube-api-access-');
  let volume = (spec.volumes ?? []).find(isToken);
  if (volume === undefined) {
    volume = tokenVolume(generatedName('kube-api-access-'));
    spec.volumes = [...(spec.volumes ?? []), volume];
  }
  for (const container of lacking) {
    const mount = { name: volume.name, readOnly: true, mountPath };
    container.volumeMounts = [...(container.volumeMounts ?? []), mount];
  }
}

const tokenVolume = (name: string) => ({
  name,
  projected: {
    defaultMode: 0o644,
    sources: [
      { serviceAccountToken: { expirationSeconds: tokenLifetimeSeconds, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
  },
});
