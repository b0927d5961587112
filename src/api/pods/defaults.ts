import type { KubernetesObject } from '../object.ts';
import type {
  Container,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Probe,
  ResourceRequirements,
  Volume,
} from '../schema/types.d.ts';
import { containersTotal, isPodLevel } from './totals.ts';

/** Defaults of pods and pod templates. Source: kubernetes/kubernetes pkg/apis/core/v1/defaults.go. */
export function defaultPod(pod: Pod): void {
  pod.spec ??= { containers: [] };
  const { spec } = pod;
  defaultPodSpec(spec);
  spec.enableServiceLinks ??= true;
  for (const container of allContainers(spec)) {
    const { resources } = container;
    // Only a pod takes its requests from its limits: a template keeps what was written.
    if (resources?.limits) resources.requests = { ...resources.limits, ...resources.requests };
    if (spec.hostNetwork) for (const port of container.ports ?? []) port.hostPort ||= port.containerPort;
  }
  if (spec.resources) defaultPodLevel(spec, spec.resources);
}

/** What is not said of the pod as a whole follows from its containers, or else from its limits. */
function defaultPodLevel(spec: PodSpec, resources: ResourceRequirements): void {
  const { requests = {}, limits = {} } = resources;
  if (Object.keys({ ...requests, ...limits }).length === 0) return;
  for (const [name, amount] of Object.entries(containersTotal(spec, 'limits')))
    if (name.startsWith('hugepages-') && requests[name] === undefined) limits[name] ??= amount;
  if (Object.keys(limits).length === 0) return;
  resources.limits = limits;
  resources.requests = requests;
  const asked = containersTotal(spec, 'requests');
  for (const name of ['cpu', 'memory']) if (asked[name] !== undefined) requests[name] ??= asked[name];
  for (const name in limits) if (isPodLevel(name)) requests[name] ??= limits[name]!;
}

export function defaultPodTemplate(template: PodTemplateSpec | undefined): void {
  if (template?.spec) defaultPodSpec(template.spec);
}

function defaultPodSpec(spec: PodSpec): void {
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.restartPolicy ||= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= 'default-scheduler';
  // The old name of the field is kept equal, as upstream's conversion does.
  const account = spec.serviceAccountName || spec.serviceAccount;
  if (account) Object.assign(spec, { serviceAccountName: account, serviceAccount: account });
  // A field that was added and deleted makes V8 keep the object as a dictionary, for good.
  else for (const name of ['serviceAccountName', 'serviceAccount'] as const) if (name in spec) delete spec[name];
  for (const container of allContainers(spec)) defaultContainer(container);
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container as Container);
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
}

const allContainers = (spec: PodSpec): Container[] =>
  spec.initContainers ? [...(spec.containers ?? []), ...spec.initContainers] : (spec.containers ?? []);

function defaultContainer(container: Container): void {
  container.resources ??= {};
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  container.imagePullPolicy ||= defaultPullPolicy(container.image ?? '');
  for (const port of container.ports ?? []) port.protocol ||= 'TCP';
  for (const variable of container.env ?? []) defaultReferences(variable.valueFrom);
  defaultProbe(container.livenessProbe);
  defaultProbe(container.readinessProbe);
  defaultProbe(container.startupProbe);
  defaultHttpGet(container.lifecycle?.postStart?.httpGet);
  defaultHttpGet(container.lifecycle?.preStop?.httpGet);
}

type References = { fieldRef?: { apiVersion?: string }; resourceFieldRef?: { divisor?: string } };

function defaultReferences({ fieldRef, resourceFieldRef }: References = {}): void {
  if (fieldRef) fieldRef.apiVersion ||= 'v1';
  if (resourceFieldRef) resourceFieldRef.divisor ??= '0';
}

/** `latest` and no tag at all mean Always; a digest without a tag never changes. */
export function defaultPullPolicy(image: string): 'Always' | 'IfNotPresent' {
  const [name = '', digest] = image.split('@', 2);
  const tag = /:([^:/]*)$/.exec(name)?.[1];
  return tag === 'latest' || (tag === undefined && digest === undefined) ? 'Always' : 'IfNotPresent';
}

function defaultProbe(probe: Probe | undefined): void {
  if (!probe) return;
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  if (probe.grpc) probe.grpc.service ??= '';
  defaultHttpGet(probe.httpGet);
}

function defaultHttpGet(action: { path?: string; scheme?: string } | undefined): void {
  if (!action) return;
  action.path ||= '/';
  action.scheme ||= 'HTTP';
}

/** Octal 0644. */
const defaultMode = 420;

function defaultFiles(source: { defaultMode?: number } | undefined): void {
  if (source) source.defaultMode ??= defaultMode;
}

function defaultVolume(volume: Volume): void {
  if (Object.keys(volume).length === 1 && volume.name !== undefined) volume.emptyDir = {};
  defaultFiles(volume.secret);
  defaultFiles(volume.configMap);
  defaultFiles(volume.downwardAPI);
  defaultFiles(volume.projected);
  for (const item of volume.downwardAPI?.items ?? []) defaultReferences(item);
  for (const { downwardAPI, serviceAccountToken } of volume.projected?.sources ?? []) {
    for (const item of downwardAPI?.items ?? []) defaultReferences(item);
    if (serviceAccountToken) serviceAccountToken.expirationSeconds ??= 3600;
  }
  if (volume.hostPath) volume.hostPath.type ??= '';
  if (volume.iscsi) volume.iscsi.iscsiInterface ||= 'default';
  if (volume.image) volume.image.pullPolicy ||= defaultPullPolicy(volume.image.reference ?? '');
  const claim = volume.ephemeral?.volumeClaimTemplate?.spec;
  if (claim) claim.volumeMode ??= 'Filesystem';
}

/** Labels of a template become those of the object when it has none (ReplicationController, ReplicaSet of old). */
export function takeTemplateLabels(object: KubernetesObject): void {
  const labels = object.spec?.template?.metadata?.labels;
  if (labels && Object.keys(object.metadata.labels ?? {}).length === 0) object.metadata.labels = { ...labels };
}
