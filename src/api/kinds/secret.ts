import { defineKind } from '../define.ts';
import type { Secret } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { validateData } from '../validation/data.ts';
import { immutable, invalidValue, required } from '../validation/errors.ts';

export const secret = defineKind<Secret>({
  kind: 'Secret',
  resource: 'secrets',
  selectableFields: ['type'],
  validate: validateSecret,
  columns: [
    { name: 'Type', type: 'string', value: ({ type }) => type },
    { name: 'Data', type: 'string', value: ({ data }) => Object.keys(data ?? {}).length },
  ],
  defaults(object) {
    object.type ||= 'Opaque';
    // What is only ever written becomes data at once: it is never read back.
    if (object.stringData === undefined) return;
    const encode = (text: string) => Buffer.from(text).toString('base64');
    const written = Object.entries(object.stringData).map(([key, text]) => [key, encode(text)] as const);
    if (written.length > 0) object.data = { ...object.data, ...Object.fromEntries(written) };
    delete object.stringData;
  },
});

/** Keys that a type of secret must have. Source: pkg/apis/core/validation/validation.go, ValidateSecret. */
const needed: Record<string, string[]> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};
const accountAnnotation = 'kubernetes.io/service-account.name';

function validateSecret(object: Secret, old: Secret | undefined): FieldError[] {
  const errors = validateData(object, old, 'Secret');
  const { type = '', data = {}, metadata } = object;
  const keys = Object.hasOwn(needed, type) ? needed[type]! : [];
  for (const key of keys) {
    if (data[key] === undefined) errors.push(required(`data[${key}]`));
    else if (type.startsWith('kubernetes.io/docker') && !isJson(data[key]))
      errors.push(invalidValue(`data[${key}]`, '<secret contents redacted>', 'invalid JSON'));
  }
  if (type === 'kubernetes.io/basic-auth' && data['username'] === undefined && data['password'] === undefined)
    errors.push(required('data[username]'), required('data[password]'));
  if (type === 'kubernetes.io/service-account-token' && !metadata.annotations?.[accountAnnotation])
    errors.push(required(`metadata.annotations[${accountAnnotation}]`));
  if (old && old.type !== undefined && type !== old.type) errors.push(immutable('type', type));
  return errors;
}

function isJson(base64: string): boolean {
  try {
    JSON.parse(Buffer.from(base64, 'base64').toString());
    return true;
  } catch {
    return false;
  }
}
