import type { PodSpec } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { invalidValue, required } from '../validation/errors.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { checkAddress, checkEnum } from '../validation/values.ts';

const nameserversMax = 3;
const searchesMax = 32;
const searchLengthMax = 2048;

const dnsPolicies = enumOf(['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'], 'core.v1.PodSpec.dnsPolicy');

export function validateDns({ dnsPolicy, dnsConfig }: PodSpec, field: string, errors: FieldError[]): void {
  checkEnum(dnsPolicy, dnsPolicies, `${field}.dnsPolicy`, errors);
  const at = `${field}.dnsConfig`;
  if (dnsPolicy === 'None' && !dnsConfig?.nameservers?.length)
    errors.push(required(`${at}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None'));
  if (dnsConfig) validateDnsConfig(dnsConfig, at, errors);
}

type DnsConfig = NonNullable<PodSpec['dnsConfig']>;

function validateDnsConfig(
  { nameservers = [], searches = [], options = [] }: DnsConfig,
  field: string,
  errors: FieldError[],
): void {
  if (nameservers.length > nameserversMax)
    errors.push(
      invalidValue(`${field}.nameservers`, nameservers, `must not have more than ${nameserversMax} nameservers`),
    );
  nameservers.forEach((address, index) => {
    checkAddress(address, `${field}.nameservers[${index}]`, errors);
  });
  if (searches.length > searchesMax)
    errors.push(invalidValue(`${field}.searches`, searches, `must not have more than ${searchesMax} search paths`));
  if (searches.join(' ').length > searchLengthMax)
    errors.push(
      invalidValue(
        `${field}.searches`,
        searches,
        `must not have more than ${searchLengthMax} characters (including spaces) in the search list`,
      ),
    );
  searches.forEach((search, index) => {
    // A trailing dot makes a name absolute; names of services may have an underscore.
    const wrong = dnsSubdomain(
      search
        .replace(/\.$/, '')
        .replaceAll('_', '-')
        .replaceAll(/(^|\.)-|-(\.|$)/g, '$1a$2'),
    );
    if (search !== '.' && wrong) errors.push(invalidValue(`${field}.searches[${index}]`, search, wrong));
  });
  options.forEach(({ name }, index) => {
    if (!name) errors.push(required(`${field}.options[${index}]`, 'must not be empty'));
  });
}
