import type { KubernetesObject } from '../object.ts';

export type PodTemplate = {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: Record<string, any>;
};

const inSpec = ['spec', 'template'];
const paths: Record<string, string[]> = {
  podtemplates: ['template'],
  replicationcontrollers: inSpec,
  'deployments.apps': inSpec,
  'replicasets.apps': inSpec,
  'statefulsets.apps': inSpec,
  'daemonsets.apps': inSpec,
  'jobs.batch': inSpec,
  'cronjobs.batch': ['spec', 'jobTemplate', 'spec', 'template'],
};

/**
 * The pod that a workload would make, and where it stands in it (a JSON pointer); undefined for other resources.
 * `resource` is a resource name such as `deployments.apps`.
 */
export function podTemplateOf(
  resource: string,
  object: KubernetesObject,
): { template: PodTemplate; pointer: string } | undefined {
  const path = paths[resource];
  if (path === undefined) return undefined;
  const template = path.reduce<any>((value, key) => value?.[key], object);
  return template?.spec === undefined ? undefined : { template, pointer: `/${path.join('/')}` };
}
