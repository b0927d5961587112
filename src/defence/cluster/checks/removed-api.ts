import { kindOf, kinds } from '../../../api/api.ts';
import type { ManagedFields } from '../../../api/object.ts';
import { type Check, type Finding, failOn, type Manifest, notApplicable, notAssessed, pass } from '../../contract.ts';
import { serverSays } from '../../snapshot/sound.ts';
import { removalOf } from '../api-removals.ts';

const of = (apiVersion: string, kind: string, managedFields?: ManagedFields[]): Manifest => ({
  ...{ apiVersion, kind },
  metadata: { name: 'example', ...(managedFields ? { managedFields } : {}) },
});
const writtenAs = (apiVersion: string) => [{ manager: 'helm', apiVersion }];

export const removedApi: Check = {
  id: 'removed-api',
  level: 'cluster',
  severity: 'high',
  title: 'Every object is of an API version that is served',
  kinds: ['*'],
  why: 'the API server refuses what it no longer serves: an upgrade, or the next roll-out after it, fails',
  mend: 'write the object in the version that replaced it; fields may have moved, see the deprecation guide',
  benchmark: ['NSA upgrading and application security'],
  examples: {
    pass: [[of('networking.k8s.io/v1', 'Ingress')], [of('v1', 'Namespace', writtenAs('v1'))]],
    fail: [
      [of('extensions/v1beta1', 'Ingress')],
      [of('flowcontrol.apiserver.k8s.io/v1beta1', 'FlowSchema')],
      [of('networking.k8s.io/v1', 'IngressClass', writtenAs('networking.k8s.io/v1beta1'))],
    ],
  },
  judge(object, { minor, source }) {
    const { apiVersion, kind, metadata } = object;
    const own = findingOf(apiVersion, kind, minor);
    if (own) return failOn([{ ...own, ...patchOf(object), field: ['apiVersion'] }]);
    // A cluster shows every object in a version that it serves: who still writes it in an old one stands beside it.
    const findings: Finding[] = (metadata.managedFields ?? []).flatMap(
      ({ manager, apiVersion: written = '', time }, index) => {
        const found = findingOf(written, kind, minor);
        if (found === undefined) return [];
        const when = time ? ` on ${time.slice(0, 10)}` : '';
        const detail = `${manager || 'somebody'} wrote it${when} as ${found.detail}`;
        return [{ ...found, field: ['metadata', 'managedFields', index, 'apiVersion'], detail, severity: 'low' }];
      },
    );
    if (findings.length > 0) return failOn(findings);
    if (kindOf(apiVersion, kind) || removalOf(apiVersion, kind)) return pass;
    // A cluster answers in a version that it serves; of a file nobody knows what its definition serves.
    if (source === 'cluster') return notApplicable;
    return notAssessed(
      `${apiVersion} ${kind} ${isOfKubernetes(apiVersion) ? notKnown : 'is not of Kubernetes itself'}`,
    );
  },
};

/** Only the version changes where it has the same fields, and the object no others. */
function patchOf(object: Manifest): Pick<Finding, 'patch'> {
  const { instead, same } = removalOf(object.apiVersion, object.kind)!;
  if (instead === undefined || same === undefined) return {};
  const { refused, unknown } = serverSays({ ...object, apiVersion: instead });
  if (refused !== undefined || unknown.length > 0) return {};
  return { patch: [{ op: 'replace', path: '/apiVersion', value: instead }] };
}

const notKnown = 'is of a group of Kubernetes, and neither served nor removed as far as is known here: is it misspelt?';

const ownGroups = new Set(kinds.map(({ group }) => group));
/** Others may be named under k8s.io, too: gateway.networking.k8s.io. */
const isOfKubernetes = (apiVersion: string): boolean =>
  ownGroups.has(apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '');

function findingOf(apiVersion: string, kind: string, minor: number): Omit<Finding, 'field'> | undefined {
  const removal = removalOf(apiVersion, kind);
  if (removal === undefined || minor < removal.deprecatedIn) return undefined;
  const { removedIn, instead } = removal;
  const gone = minor >= removedIn;
  const detail = `${apiVersion} ${kind}, ${gone ? 'not served since' : 'deprecated and not served from'} 1.${removedIn}`;
  return {
    reason: gone ? 'removed API version' : 'deprecated API version',
    detail: `${detail}; ${instead ? `use ${instead}` : 'nothing replaces it'}`,
    severity: gone ? 'high' : 'low',
  };
}
