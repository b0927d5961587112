import { kindOf } from '../../../api/api.ts';
import { type Check, failOn, type Manifest, notAssessed, pass } from '../../contract.ts';
import { removalOf } from '../api-removals.ts';

const of = (apiVersion: string, kind: string): Manifest => ({ apiVersion, kind, metadata: { name: 'example' } });

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
    pass: [[of('networking.k8s.io/v1', 'Ingress')]],
    fail: [[of('extensions/v1beta1', 'Ingress')], [of('flowcontrol.apiserver.k8s.io/v1beta1', 'FlowSchema')]],
  },
  judge({ apiVersion, kind }, { minor }) {
    const removal = removalOf(apiVersion, kind);
    if (removal === undefined || minor < removal.deprecatedIn)
      return kindOf(apiVersion, kind) || removal
        ? pass
        : notAssessed(`${apiVersion} ${kind} is not of Kubernetes itself`);
    const { removedIn, instead } = removal;
    const gone = minor >= removedIn;
    const detail = `${apiVersion} ${kind} is ${gone ? 'not served since' : 'deprecated and not served from'} 1.${removedIn}`;
    return failOn([
      {
        field: ['apiVersion'],
        reason: gone ? 'removed API version' : 'deprecated API version',
        detail: `${detail}; ${instead ? `use ${instead}` : 'nothing replaces it'}`,
        severity: gone ? 'high' : 'low',
      },
    ]);
  },
};
