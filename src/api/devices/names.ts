import { driverName, type NameCheck } from '../validation/names.ts';

const identifierMax = 32;

const identifier: NameCheck = (name) => {
  if (name.length > identifierMax) return `must be no more than ${identifierMax} bytes`;
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
    ? undefined
    : "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric " +
        "characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')";
};

/** Of an attribute or a capacity: `model`, which is the driver's own, or `example.com/model`. */
export const attributeName: NameCheck = (name) => {
  const parts = name.split('/');
  if (parts.length === 1) return identifier(name);
  const [domain = '', own = ''] = parts;
  if (domain === '') return 'the domain must not be empty';
  if (own === '') return 'the name must not be empty';
  return driverName(domain) ?? identifier(own);
};

export const qualifiedAttribute: NameCheck = (name) =>
  name.includes('/') ? attributeName(name) : 'a fully qualified name must be a domain and a name separated by a slash';
