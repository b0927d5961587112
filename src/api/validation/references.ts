import type { FieldError } from '../status.ts';
import { dnsSubdomain, pathSegment } from './names.ts';
import { checkName, checkOptionalName } from './values.ts';

/** An object of any kind, by group, kind and name. Source: kubernetes/kubernetes pkg/apis/networking/validation/validation.go. */
export function validateReference(
  { apiGroup, kind, name }: { apiGroup?: string; kind?: string; name?: string },
  field: string,
  errors: FieldError[],
): void {
  checkOptionalName(apiGroup, dnsSubdomain, `${field}.apiGroup`, errors);
  checkName(kind, pathSegment, `${field}.kind`, errors);
  checkName(name, pathSegment, `${field}.name`, errors);
}
