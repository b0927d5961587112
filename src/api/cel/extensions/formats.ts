import {
  dns1035Label,
  dnsLabel,
  dnsSubdomain,
  labelValue,
  type NameCheck,
  qualifiedName,
} from '../../validation/names.ts';
import { type CelFunc, library } from '../library.ts';
import { type Toolkit, textOf } from '../toolkit.ts';
import { optional } from './optionals.ts';
import { uriProblem } from './urls.ts';

/** A name that something else will be put behind may end with a dash. */
const prefix =
  (check: NameCheck): NameCheck =>
  (name) =>
    check(name.length > 1 && name.endsWith('-') ? `${name.slice(0, -1)}a` : name);
const fits =
  (form: (text: string) => boolean, otherwise: string): NameCheck =>
  (text) =>
    form(text) ? undefined : otherwise;

const isDate = (text: string) =>
  /^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true;
const isDateTime = (text: string) =>
  isDate(text.slice(0, 10)) &&
  /^T([01]\d|2[0-3]):[0-5]\d:[0-5]\d([.,]\d+)?(Z|[-+]([01]\d|2[0-3]):[0-5]\d)$/i.test(text.slice(10));

const checks: Record<string, NameCheck> = {
  dns1123Label: dnsLabel,
  dns1123Subdomain: dnsSubdomain,
  dns1035Label,
  qualifiedName,
  dns1123LabelPrefix: prefix(dnsLabel),
  dns1123SubdomainPrefix: prefix(dnsSubdomain),
  dns1035LabelPrefix: prefix(dns1035Label),
  labelValue,
  uri: uriProblem,
  uuid: fits(
    (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text),
    'does not match the UUID format',
  ),
  byte: fits(
    (text) => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/.test(text),
    'invalid base64',
  ),
  date: fits(isDate, 'invalid date'),
  datetime: fits(isDateTime, 'invalid datetime'),
};

/** Source: k8s.io/apiserver/pkg/cel/library/format.go. */
export function formats({ func, method, make, types: { NamedFormat, STRING, LIST } }: Toolkit): CelFunc[] {
  return [
    ...Object.keys(checks).map((name) => func(`format.${name}`, [], NamedFormat, () => make('NamedFormat', name))),
    func('format.named', [STRING], LIST, (name: string) =>
      Object.hasOwn(checks, name) ? optional(make('NamedFormat', name)) : optional(),
    ),
    method(NamedFormat, 'validate', [STRING], LIST, (self, text: string) => {
      const wrong = checks[textOf(self)]!(text);
      return wrong === undefined ? optional() : optional(library.cel.celList([wrong]));
    }),
  ];
}
