import { authenticatedGroup, unauthenticatedGroup } from '../../../api/rbac/identity.ts';
import { bindingText, type Grant, roleText } from '../../../api/rbac/role-index.ts';
import type { PolicyRule } from '../../../api/rbac/rules.ts';
import { refOf } from '../../object-ref.ts';
import { writtenMode } from '../../protection-mode.ts';
import { asWritten, rolesOf } from '../../snapshot/roles.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import { type AdministrationCheck, type AdministrationVerdict, fail, notAssessed, pass } from './contract.ts';

/** What everybody gets on every cluster: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles */
const shipped = new Set([
  ...['system:public-info-viewer', 'system:discovery', 'system:basic-user', 'system:service-account-issuer-discovery'],
  ...['system:node-bootstrapper', 'kubeadm:bootstrap-signer-clusterinfo', 'system:bootstrap-signer-clusterinfo'],
]);

const harmless = ({ nonResourceURLs, resources, verbs }: PolicyRule): boolean => {
  if (nonResourceURLs) return nonResourceURLs.every((url) => /^\/(healthz|livez|readyz|version)(\/\*?)?$/.test(url));
  const reviews = /^self\w+reviews$/;
  return (resources ?? []).every((resource) => reviews.test(resource)) && verbs.every((verb) => verb === 'create');
};

function grantsTo(snapshot: Snapshot, names: string[]): Grant[] {
  const { index } = rolesOf(snapshot);
  return index.grants.filter(
    ({ subjects, role, rules }) =>
      !shipped.has(role.metadata.name) &&
      !rules.every(harmless) &&
      subjects.some(({ kind, name }) => kind !== 'ServiceAccount' && names.includes(name)),
  );
}

function judgeGrants(snapshot: Snapshot, names: string[], who: string): AdministrationVerdict[] {
  const { notAssessed: reasons } = rolesOf(snapshot);
  const found = grantsTo(snapshot, names).map((grant) =>
    fail(`${bindingText(grant)} gives ${roleText(grant)} to ${who}`, [
      refOf(asWritten(grant.binding)),
      refOf(asWritten(grant.role)),
    ]),
  );
  if (found.length > 0) return found;
  return reasons.length > 0 ? [notAssessed(reasons.join('; '))] : [pass(`no binding gives anything to ${who}`)];
}

export const anonymousRights: AdministrationCheck = {
  id: 'administration/anonymous',
  severity: 'critical',
  title: 'Without credentials nobody has rights',
  mend: 'remove system:anonymous and system:unauthenticated from bindings',
  benchmark: ['CIS 1.2.1', 'CIS 5.1.1', 'NSA authentication and authorization'],
  judge({ snapshot }) {
    const mode = writtenMode(snapshot, 'anonymous-access');
    if (mode === 'enforce')
      return [pass('the API server answers nothing but health and version to them (anonymous-access)')];
    return judgeGrants(snapshot, [unauthenticatedGroup, 'system:anonymous'], 'whoever has no credentials');
  },
};

export const everybodysRights: AdministrationCheck = {
  id: 'administration/everybody',
  severity: 'high',
  title: 'Everybody who is authenticated has no rights of administration',
  mend: 'bind roles to the groups and service accounts that need them',
  benchmark: ['CIS 5.1.1', 'NSA authentication and authorization'],
  judge: ({ snapshot }) =>
    judgeGrants(snapshot, [authenticatedGroup, 'system:serviceaccounts'], 'every user or every service account'),
};
