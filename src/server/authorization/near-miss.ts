import { bindingText, type Grant } from '../../api/rbac/role-index.ts';
import { resourceMatches, ruleAllows } from '../../api/rbac/rules.ts';
import type { Attributes } from '../../api/user.ts';

const missesMax = 3;

/**
 * Why a refused request was nearly allowed, from what its user holds already: another verb, another namespace, another
 * name. Empty when nothing comes close. Tells nobody anything but his own rights.
 */
export function nearMisses(grants: Grant[], attributes: Attributes): string {
  if (attributes.nonResourcePath !== undefined) return '';
  const found = new Set<string>();
  for (const grant of grants) {
    const miss = missOf(grant, attributes);
    if (miss !== undefined) found.add(miss);
    if (found.size === missesMax) break;
  }
  return found.size === 0 ? '' : `near miss: ${[...found].join('; ')}`;
}

function missOf(grant: Grant, attributes: Attributes): string | undefined {
  const here = grant.namespace === '' || grant.namespace === attributes.namespace;
  const what = `${attributes.resource}${attributes.subresource === '' ? '' : `/${attributes.subresource}`}`;
  for (const rule of grant.rules) {
    if (!here && ruleAllows(rule, attributes))
      return `${bindingText(grant)} allows this in namespace "${grant.namespace}"`;
    if (!here) continue;
    if (ruleAllows({ ...rule, resourceNames: [] }, attributes))
      return `${bindingText(grant)} allows this only for the names ${(rule.resourceNames ?? []).join(', ')}`;
    const sameResource = resourceMatches(rule.resources, attributes.resource, attributes.subresource);
    if (!sameResource) {
      if (ruleAllows(rule, { ...attributes, subresource: '' }))
        return `${bindingText(grant)} allows this without the subresource`;
      continue;
    }
    if (ruleAllows({ ...rule, verbs: ['*'] }, attributes))
      return `${bindingText(grant)} allows only ${rule.verbs.join(', ')} on ${what}`;
    if (ruleAllows({ ...rule, apiGroups: ['*'] }, attributes))
      return `${bindingText(grant)} allows this for API groups ${JSON.stringify(rule.apiGroups ?? [])}`;
  }
  return undefined;
}
