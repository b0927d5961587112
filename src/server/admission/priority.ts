import type { KubernetesObject } from '../../api/object.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../contracts.ts';
import { concerns, createdPod, refusal } from './about.ts';

const resource = 'priorityclasses.scheduling.k8s.io';
/** Names and values that only the cluster's own pods may use. */
const systemPrefix = 'system-';
const systemNamespace = 'kube-system';
const defaultPolicy = 'PreemptLowerPriority';

/** Turns a pod's priority class into its priority; the classes of the system are for the system's namespace. */
export const priority: AdmissionPlugin = {
  name: 'Priority',
  mutate(request) {
    const pod = createdPod(request);
    if (pod === undefined) return;
    const { spec } = pod;
    const chosen = chooseClass(request, spec.priorityClassName);
    const value = chosen?.['value'] ?? 0;
    const policy = chosen?.['preemptionPolicy'] ?? defaultPolicy;
    if (spec.priority !== undefined && spec.priority !== null && spec.priority !== value)
      throw refusal(
        request,
        `the integer value of priority (${spec.priority}) must not be provided in pod spec; ` +
          `priority admission controller computed ${value} from the given PriorityClass name`,
      );
    if (spec.preemptionPolicy && spec.preemptionPolicy !== policy)
      throw refusal(
        request,
        `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; ` +
          `priority admission controller computed ${policy} from the given PriorityClass name`,
      );
    spec.priority = value;
    spec.preemptionPolicy = policy;
    if (chosen !== undefined) spec.priorityClassName = chosen.metadata.name;
  },
  validate(request) {
    const created = concerns(request, 'CREATE', resource) || concerns(request, 'UPDATE', resource);
    if (!created || request.object?.['globalDefault'] !== true) return;
    const other = request.lookup
      .list(resource)
      .find((present) => present['globalDefault'] === true && present.metadata.name !== request.name);
    if (other !== undefined)
      throw refusal(
        request,
        `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`,
      );
  },
};

function chooseClass(request: AdmissionRequest, name: string | undefined): KubernetesObject | undefined {
  const { lookup, namespace } = request;
  if (name === undefined || name === '') {
    const defaults = lookup.list(resource).filter((present) => present['globalDefault'] === true);
    return defaults.sort((left, right) => left['value'] - right['value'])[0];
  }
  const found = lookup.get(resource, '', name);
  if (found === undefined) throw refusal(request, `no PriorityClass with name ${name} was found`);
  if (name.startsWith(systemPrefix) && namespace !== systemNamespace)
    throw refusal(
      request,
      `pods with ${name} priorityClass is not permitted in ${namespace} namespace: only in ${systemNamespace}`,
    );
  return found;
}
