import type { AdmissionregistrationServiceReference } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { invalidValue, required } from './errors.ts';
import { dnsSubdomain } from './names.ts';

/** How the server reaches a webhook, of admission or of conversion. Source: k8s.io/apiserver pkg/util/webhook/validation.go. */
export function validateWebhookUrl(text: string, field: string, errors: FieldError[]): void {
  const form = 'desired format: https://host[/path]';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:')
    errors.push(invalidValue(field, text, `'https' is the only allowed URL scheme; ${form}`));
  if (!url) return;
  if (url.host === '') errors.push(invalidValue(field, text, `host must be specified; ${form}`));
  if (url.username !== '' || url.password !== '')
    errors.push(invalidValue(field, url.username, 'user information is not permitted in the URL'));
  if (url.hash !== '') errors.push(invalidValue(field, url.hash, 'fragments are not permitted in the URL'));
  if (url.search !== '') errors.push(invalidValue(field, url.search, 'query parameters are not permitted in the URL'));
}

export function validateWebhookService(
  service: AdmissionregistrationServiceReference,
  field: string,
  errors: FieldError[],
): void {
  const { name, namespace, path, port = 0 } = service;
  if (!name) errors.push(required(`${field}.name`));
  if (!namespace) errors.push(required(`${field}.namespace`));
  if (port < 1 || port > 65_535)
    errors.push(invalidValue(`${field}.port`, port, 'port is not valid: must be between 1 and 65535, inclusive'));
  if (path !== undefined) validatePath(path, `${field}.path`, errors);
}

function validatePath(path: string, field: string, errors: FieldError[]): void {
  if (path === '' || path === '/') return;
  if (!path.startsWith('/')) errors.push(invalidValue(field, path, "must start with a '/'"));
  const steps = path.slice(1).replace(/\/$/, '').split('/');
  steps.forEach((step, index) => {
    const wrong = step === '' ? `segment[${index}] may not be empty` : dnsSubdomain(step);
    if (wrong) errors.push(invalidValue(field, path, step === '' ? wrong : `segment[${index}]: ${wrong}`));
  });
}
