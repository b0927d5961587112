import { defineKind } from '../define.ts';
import type { Ingress, IngressBackend } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { none } from '../table.ts';
import { enumOf } from '../validation/enums.ts';
import { ErrorList, invalidValue, required } from '../validation/errors.ts';
import { validatePoints } from '../validation/load-balancer.ts';
import { dns1035Label, dnsSubdomain, portName } from '../validation/names.ts';
import { validateReference } from '../validation/references.ts';
import { checkEnum, checkName, checkPort } from '../validation/values.ts';

const hostsMax = 3;
/** How a class was named before there was a field. */
const classAnnotation = 'kubernetes.io/ingress.class';

function hosts({ spec }: Ingress): string {
  const rules = spec?.rules ?? [];
  const shown = rules
    .slice(0, hostsMax)
    .map(({ host }) => host ?? '')
    .filter((host) => host !== '');
  if (shown.length === 0) return '*';
  return shown.join(',') + (rules.length > hostsMax ? ` + ${rules.length - hostsMax} more...` : '');
}

const pathTypes = enumOf(['Exact', 'ImplementationSpecific', 'Prefix'], 'networking.v1.HTTPIngressPath.pathType');

export const ingress = defineKind<Ingress>({
  group: 'networking.k8s.io',
  kind: 'Ingress',
  resource: 'ingresses',
  warnings: ({ metadata, spec }, old) =>
    old === undefined && metadata.annotations?.[classAnnotation] !== undefined && spec?.ingressClassName === undefined
      ? [`annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`]
      : [],
  shortNames: ['ing'],
  status: true,
  validateStatus: ({ status }) => validatePoints(status?.loadBalancer?.ingress),
  columns: [
    {
      name: 'Class',
      type: 'string',
      value: ({ metadata, spec }) => spec?.ingressClassName ?? metadata.annotations?.[classAnnotation] ?? none,
    },
    { name: 'Hosts', type: 'string', value: hosts },
    {
      name: 'Address',
      type: 'string',
      value: ({ status }) =>
        (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').join(','),
    },
    { name: 'Ports', type: 'string', value: ({ spec }) => (spec?.tls?.length ? '80, 443' : '80') },
  ],
  validate: validateIngress,
  prepareCreate(object) {
    object.status = { loadBalancer: {} };
  },
});

/** Source: kubernetes/kubernetes pkg/apis/networking/validation/validation.go, ValidateIngressSpec. */
function validateIngress({ spec }: Ingress): FieldError[] {
  const errors = new ErrorList();
  const { rules = [], defaultBackend, ingressClassName, tls = [] } = spec ?? {};
  if (rules.length === 0 && !defaultBackend)
    errors.push(invalidValue('spec', rules, 'either `defaultBackend` or `rules` must be specified'));
  if (defaultBackend) validateBackend(defaultBackend, 'spec.defaultBackend', errors);
  if (ingressClassName !== undefined) checkName(ingressClassName, dnsSubdomain, 'spec.ingressClassName', errors);
  rules.forEach(({ host, http }, index) => {
    checkHost(host, `spec.rules[${index}].host`, errors);
    const paths = http?.paths;
    if (http && !paths?.length) errors.push(required(`spec.rules[${index}].http.paths`));
    paths?.forEach(({ path, pathType, backend }, position) => {
      const at = `spec.rules[${index}].http.paths[${position}]`;
      checkEnum(pathType, pathTypes, `${at}.pathType`, errors);
      validatePath(path ?? '', pathType === 'ImplementationSpecific', `${at}.path`, errors);
      validateBackend(backend ?? {}, `${at}.backend`, errors);
    });
  });
  tls.forEach(({ hosts = [], secretName }, index) => {
    hosts.forEach((host, position) => {
      checkHost(host, `spec.tls[${index}].hosts[${position}]`, errors);
      if (host === '') errors.push(invalidValue(`spec.tls[${index}].hosts[${position}]`, host, dnsSubdomain(host)!));
    });
    if (secretName) checkName(secretName, dnsSubdomain, `spec.tls[${index}].secretName`, errors);
  });
  return errors;
}

const forbiddenInPaths = ['//', '/./', '/../', '%2f', '%2F'];

function validatePath(path: string, isFree: boolean, field: string, errors: FieldError[]): void {
  if (!path.startsWith('/') && !(isFree && path === ''))
    errors.push(invalidValue(field, path, 'must be an absolute path'));
  if (isFree) return;
  for (const part of forbiddenInPaths)
    if (path.includes(part)) errors.push(invalidValue(field, path, `must not contain '${part}'`));
  for (const end of ['/..', '/.'])
    if (path.endsWith(end)) errors.push(invalidValue(field, path, `cannot end with '${end}'`));
}

function checkHost(host: string | undefined, field: string, errors: FieldError[]): void {
  if (!host) return;
  const wrong = dnsSubdomain(host.replace(/^\*\./, ''));
  if (wrong) errors.push(invalidValue(field, host, wrong));
}

function validateBackend({ service, resource }: IngressBackend, field: string, errors: FieldError[]): void {
  if (service && resource) errors.push(invalidValue(field, '', 'cannot set both resource and service backends'));
  if (!service && !resource) errors.push(invalidValue(field, '', 'resource or service backend is required'));
  if (resource && !service) validateReference(resource, `${field}.resource`, errors);
  if (!service || resource) return;
  checkName(service.name, dns1035Label, `${field}.service.name`, errors);
  const { name, number } = service.port ?? {};
  if (name && number) errors.push(invalidValue(field, '', 'cannot set both port name & port number'));
  else if (name) checkName(name, portName, `${field}.service.port.name`, errors);
  else if (number) checkPort(number, `${field}.service.port.number`, errors);
  else errors.push(required(field, 'port name or number is required'));
}
