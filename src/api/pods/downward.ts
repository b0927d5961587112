import type { FieldError } from '../status.ts';
import { invalidValue, required } from '../validation/errors.ts';

/** What a pod tells its containers of itself: in variables, and in files. */
const inVariables = [
  ...['metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'spec.serviceAccountName'],
  ...['status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs'],
];
const inFiles = ['metadata.name', 'metadata.namespace', 'metadata.uid', 'metadata.labels', 'metadata.annotations'];
const resources = /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-[A-Za-z0-9]{1,20})$/;

/** `metadata.labels['key']`: one label or annotation; as a whole only in volumes. */
export const isDownwardPath = (path: string, inVolume: boolean): boolean =>
  /^metadata\.(labels|annotations)\['[^']{1,320}'\]$/.test(path) || (inVolume ? inFiles : inVariables).includes(path);

/** There is one version of pods; paths of another cannot be read. */
export function checkFieldVersion(
  reference: { apiVersion?: string; fieldPath?: string } | undefined,
  field: string,
  errors: FieldError[],
): void {
  const { apiVersion = 'v1', fieldPath = '' } = reference ?? {};
  if (apiVersion !== 'v1')
    errors.push(invalidValue(field, fieldPath, `error converting fieldPath: unsupported pod version: ${apiVersion}`));
}

export function checkDownwardResource(resource: string | undefined, field: string, errors: FieldError[]): void {
  if (!resource) errors.push(required(`${field}.resource`));
  else if (!resources.test(resource))
    errors.push(
      invalidValue(`${field}.resource`, resource, 'must be a cpu, memory, ephemeral-storage or hugepages value'),
    );
}
