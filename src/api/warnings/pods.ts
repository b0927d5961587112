import type { Affinity, Container, ObjectMeta, PodSpec, PodTemplateSpec } from '../schema/types.d.ts';
import { dnsLabel } from '../validation/names.ts';
import { oldLabel, warnOfTerm } from './node-labels.ts';
import { warnOfAnnotations } from './pod-annotations.ts';
import { warnOfPorts } from './ports.ts';

/** Volumes whose drivers are gone, of pods and of PersistentVolumes. */
export const oldVolumes: Record<string, string> = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageOS: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
};

const none: readonly string[] = [];
type Templated = { metadata: ObjectMeta; spec?: { template?: PodTemplateSpec } };

/** Of a workload, and of its name: it begins the names of its pods. */
export function workloadWarnings(object: Templated, old: Templated | undefined): readonly string[] {
  const wrong = old === undefined ? dnsLabel(object.metadata.name) : undefined;
  const warnings = templateWarnings(object, old);
  return wrong === undefined ? warnings : [nameWarning('Pod names and hostnames', wrong), ...warnings];
}

/** Of a template that is new or has changed: an update raises the generation then. */
export function templateWarnings(
  { metadata, spec }: Templated,
  old: Templated | undefined,
  prefix = 'spec.template.',
): readonly string[] {
  if (old !== undefined && old.metadata.generation === metadata.generation) return none;
  const { template } = spec ?? {};
  return template?.spec ? warningsOf(template.spec, template.metadata ?? {}, prefix) : none;
}

/** Only of new pods: people rarely change them. */
export function podWarnings(
  { metadata, spec }: { metadata: ObjectMeta; spec?: PodSpec },
  old: object | undefined,
): readonly string[] {
  if (old !== undefined || spec === undefined) return none;
  const wrong = dnsLabel(metadata.name);
  const warnings = warningsOf(spec, metadata, '');
  return wrong === undefined ? warnings : [nameWarning("the Pod's hostname", wrong), ...warnings];
}

const nameWarning = (where: string, wrong: string): string =>
  `metadata.name: this is used in ${where}, which can result in surprising behavior; a DNS label is recommended: [${wrong}]`;

/**
 * What works otherwise than it seems, or no longer. `prefix` leads to the pod: `spec.template.`. Source:
 * kubernetes/kubernetes pkg/api/pod/warnings.go.
 */
function warningsOf(spec: PodSpec, metadata: { annotations?: Record<string, string> }, prefix: string): string[] {
  const warnings: string[] = [];
  const at = `${prefix}spec`;
  for (const key in spec.nodeSelector) if (oldLabel(key)) warnings.push(`${at}.nodeSelector[${key}]: ${oldLabel(key)}`);
  if (spec.affinity) warnOfAffinity(spec.affinity, `${at}.affinity`, warnings);
  spec.topologySpreadConstraints?.forEach(({ topologyKey, labelSelector }, index) => {
    const field = `${at}.topologySpreadConstraints[${index}]`;
    if (oldLabel(topologyKey)) warnings.push(`${field}.topologyKey: ${topologyKey} is ${oldLabel(topologyKey)}`);
    if (!labelSelector) warnings.push(`${field}.labelSelector: ${selectsNothing}`);
  });
  if (metadata.annotations) warnOfAnnotations(metadata.annotations, spec, `${prefix}metadata.annotations`, warnings);
  spec.volumes?.forEach((volume, index) => {
    for (const source in volume)
      if (Object.hasOwn(oldVolumes, source)) warnings.push(`${at}.volumes[${index}].${source}: ${oldVolumes[source]}`);
  });
  if (spec.hostAliases) warnOfRepeats(spec.hostAliases, 'ip', `${at}.hostAliases`, warnings);
  if (spec.imagePullSecrets) {
    warnOfRepeats(spec.imagePullSecrets, 'name', `${at}.imagePullSecrets`, warnings);
    spec.imagePullSecrets.forEach(({ name }, index) => {
      if (!name) warnings.push(`${at}.imagePullSecrets[${index}].name: invalid empty name ""`);
    });
  }
  for (const list of ['initContainers', 'containers'] as const)
    spec[list]?.forEach((container, index) => {
      if (isOdd(container)) warnOfContainer(container, `${at}.${list}[${index}]`, warnings);
    });
  warnOfPorts(spec, at, warnings);
  return warnings;
}

const selectsNothing = 'a null labelSelector results in matching no pod';

function warnOfAffinity(affinity: Affinity, field: string, warnings: string[]): void {
  const {
    requiredDuringSchedulingIgnoredDuringExecution: needed,
    preferredDuringSchedulingIgnoredDuringExecution: wished,
  } = affinity.nodeAffinity ?? {};
  needed?.nodeSelectorTerms?.forEach((term, index) => {
    const at = `${field}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${index}]`;
    warnOfTerm(term, at, warnings);
  });
  wished?.forEach(({ preference }, index) => {
    const at = `${field}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[${index}].preference`;
    warnOfTerm(preference ?? {}, at, warnings);
  });
  for (const name of ['podAffinity', 'podAntiAffinity'] as const) {
    affinity[name]?.requiredDuringSchedulingIgnoredDuringExecution?.forEach(({ labelSelector }, index) => {
      const at = `${field}.${name}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`;
      if (!labelSelector) warnings.push(`${at}.labelSelector: ${selectsNothing}`);
    });
    affinity[name]?.preferredDuringSchedulingIgnoredDuringExecution?.forEach(({ podAffinityTerm }, index) => {
      const at = `${field}.${name}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
      if (!podAffinityTerm?.labelSelector) warnings.push(`${at}.podAffinityTerm.labelSelector: ${selectsNothing}`);
    });
  }
}

function warnOfRepeats<Key extends string>(
  items: { [key in Key]?: string }[],
  key: Key,
  field: string,
  warnings: string[],
): void {
  const seen = new Set<string>();
  items.forEach((item, index) => {
    const value = item[key] ?? '';
    if (seen.has(value)) warnings.push(`${field}[${index}].${key}: duplicate ${key} ${JSON.stringify(value)}`);
    seen.add(value);
  });
}

/** Few are: of those that are not, no path is made. */
const isOdd = ({ resources, env }: Container): boolean =>
  hasFraction(resources?.limits) || hasFraction(resources?.requests) || (env !== undefined && env.length > 1);

/** Of canonical quantities only fractions end so. */
const isFraction = (quantity: string | undefined): boolean => quantity !== undefined && /[mun]$/.test(quantity);
const hasFraction = (amounts: Record<string, string> | undefined): boolean =>
  isFraction(amounts?.['memory']) || isFraction(amounts?.['ephemeral-storage']);

function warnOfContainer({ resources, env = [] }: Container, field: string, warnings: string[]): void {
  for (const list of ['limits', 'requests'] as const)
    for (const name of ['memory', 'ephemeral-storage']) {
      const amount = resources?.[list]?.[name];
      if (isFraction(amount))
        warnings.push(
          `${field}.resources.${list}[${name}]: fractional byte value "${amount}" is invalid, must be an integer`,
        );
    }
  const seen = new Set<string>();
  env.forEach(({ name, value = '', valueFrom }, index) => {
    const before = `$(${name})`;
    // A variable may be defined again by what it was before.
    const isHiding = seen.has(name) && (valueFrom || value === before || !value.includes(before));
    if (isHiding)
      warnings.push(
        `${field}.env[${index}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
      );
    seen.add(name);
  });
}
