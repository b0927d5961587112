import { authenticatedGroup, unauthenticatedGroup } from '../../../api/rbac/identity.ts';
import { bindingText, type Grant, roleText } from '../../../api/rbac/role-index.ts';
import { type Everybody, isMeantFor } from '../../cluster/public-rules.ts';
import { refOf } from '../../object-ref.ts';
import { writtenMode } from '../../protection-mode.ts';
import { asWritten, rolesOf } from '../../snapshot/roles.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import { type AdministrationCheck, type AdministrationVerdict, fail, notAssessed, pass } from './contract.ts';

function grantsTo(snapshot: Snapshot, names: string[], who: Everybody): Grant[] {
  const { index } = rolesOf(snapshot);
  return index.grants.filter(
    ({ subjects, rules, namespace }) =>
      !rules.every((rule) => isMeantFor(who, rule, namespace)) &&
      subjects.some(({ kind, name }) => kind !== 'ServiceAccount' && names.includes(name)),
  );
}

/** Who they are, in words, and what is no right of administration. */
const described: Record<Everybody, { who: string; meant: string }> = {
  anybody: { who: 'whoever has no credentials', meant: 'health, version and how nodes join' },
  authenticated: {
    who: 'every user or every service account',
    meant: 'discovery, health, version and reviews of their own rights',
  },
};

function judgeGrants(snapshot: Snapshot, names: string[], everybody: Everybody): AdministrationVerdict[] {
  const { who, meant } = described[everybody];
  const { notAssessed: reasons } = rolesOf(snapshot);
  const found = grantsTo(snapshot, names, everybody).map((grant) =>
    fail(`${bindingText(grant)} gives ${roleText(grant)} to ${who}`, [
      refOf(asWritten(grant.binding)),
      refOf(asWritten(grant.role)),
    ]),
  );
  if (found.length > 0) return found;
  return reasons.length > 0
    ? [notAssessed(reasons.join('; '))]
    : [pass(`no binding gives more to ${who} than what is meant for everybody: ${meant}`)];
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
    return judgeGrants(snapshot, [unauthenticatedGroup, 'system:anonymous'], 'anybody');
  },
};

export const everybodysRights: AdministrationCheck = {
  id: 'administration/everybody',
  severity: 'high',
  title: 'Everybody who is authenticated has no rights of administration',
  mend: 'bind roles to the groups and service accounts that need them',
  benchmark: ['CIS 5.1.1', 'NSA authentication and authorization'],
  judge: ({ snapshot }) => judgeGrants(snapshot, [authenticatedGroup, 'system:serviceaccounts'], 'authenticated'),
};
