/**
 * Formats of names, worded as upstream's k8s.io/apimachinery/pkg/util/validation. Each check returns what is wrong, or
 * undefined. Patterns are linear: a hostile name cannot make them slow.
 */
export type NameCheck = (name: string) => string | undefined;

const labelPattern = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const subdomainPattern = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const label1035Pattern = /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/;
const qualifiedPattern = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

const lengthMessage = (max: number) => `must be no more than ${max} bytes`;

/** RFC 1123 label: at most 63 characters. */
export const dnsLabel: NameCheck = (name) => {
  if (name.length > 63) return lengthMessage(63);
  return labelPattern.test(name)
    ? undefined
    : "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end " +
        "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is " +
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
};

/** Names of CSI drivers: a subdomain of at most 63 characters, in any case. */
export const driverName: NameCheck = (name) =>
  name.length > 63 ? lengthMessage(63) : dnsSubdomain(name.toLowerCase());

/** RFC 1035 label: as the other, but it starts with a letter. */
export const dns1035Label: NameCheck = (name) => {
  if (name.length > 63) return lengthMessage(63);
  return label1035Pattern.test(name)
    ? undefined
    : "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic " +
        "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation " +
        "is '[a-z]([-a-z0-9]*[a-z0-9])?')";
};

/** RFC 1123 subdomain: labels joined by dots, at most 253 characters. Labels have no limit of their own, as upstream. */
export const dnsSubdomain: NameCheck = (name) => {
  if (name.length > 253) return lengthMessage(253);
  return subdomainPattern.test(name)
    ? undefined
    : "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start " +
        "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
};

/** What may stand between slashes of a path: names of RBAC objects such as `system:node`. */
export const pathSegment: NameCheck = (name) => {
  if (name === '.' || name === '..') return `may not be '${name}'`;
  for (const part of ['/', '%']) if (name.includes(part)) return `may not contain '${part}'`;
  return undefined;
};

/** `prefix/name` or `name`: keys of labels and annotations. */
export const qualifiedName: NameCheck = (name) => {
  const slash = name.indexOf('/');
  const prefix = slash < 0 ? undefined : name.slice(0, slash);
  const local = name.slice(slash + 1);
  const form =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is " +
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
  if (prefix !== undefined && local.includes('/'))
    return `a valid label key ${form} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`;
  if (prefix === '') return 'prefix part must be non-empty';
  const wrongPrefix = prefix === undefined ? undefined : dnsSubdomain(prefix);
  if (wrongPrefix) return `prefix part ${wrongPrefix}`;
  if (local === '') return 'name part must be non-empty';
  if (local.length > 63) return `name part ${lengthMessage(63)}`;
  return qualifiedPattern.test(local) ? undefined : `name part ${form}`;
};

export const labelValue: NameCheck = (value) => {
  if (value.length > 63) return lengthMessage(63);
  return value === '' || qualifiedPattern.test(value)
    ? undefined
    : "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start " +
        "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for " +
        "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
};

/** IANA_SVC_NAME: names of container ports, at most 15 characters with at least one letter. */
export const portName: NameCheck = (name) => {
  if (name.length > 15) return lengthMessage(15);
  if (!/^[-a-z0-9]+$/.test(name)) return 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)';
  if (!/[a-z]/.test(name)) return 'must contain at least one letter (a-z)';
  if (name.includes('--')) return 'must not contain consecutive hyphens';
  return name.startsWith('-') || name.endsWith('-') ? 'must not begin or end with a hyphen' : undefined;
};

/** Since 1.34 any printable ASCII character but `=` may be in the name of an environment variable. */
export const environmentName: NameCheck = (name) =>
  /^[ -<>-~]+$/.test(name)
    ? undefined
    : "a valid environment variable name must consist only of printable ASCII characters other than '='";

/** Keys of ConfigMap and Secret. */
export const configMapKey: NameCheck = (key) => {
  if (key.length > 253) return lengthMessage(253);
  if (key === '.' || key === '..') return `must not be '${key}'`;
  if (key.startsWith('..')) return `must not start with '..'`;
  return /^[-._a-zA-Z0-9]+$/.test(key)
    ? undefined
    : "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  " +
        "or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
};
