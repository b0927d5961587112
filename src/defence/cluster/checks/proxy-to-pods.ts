import { lastExecByGet, rightCheck } from '../role-rights.ts';

/** Each verb is a method of HTTP that is passed on. */
const methods = ['get', 'create', 'update', 'patch', 'delete'];

export const proxyToPods = rightCheck({
  id: 'rbac/proxy-to-pods',
  severity: 'medium',
  title: 'No role connects to pods through the API server',
  why: 'such a connection comes from the node or the API server, past the NetworkPolicies that keep others out',
  mend: 'bind it for the time of an incident only; let clients come through a Service or an Ingress',
  benchmark: ['NSA authentication and authorization', 'NSA network separation and hardening'],
  rights: [
    { group: '', resource: 'pods/portforward', verbs: ['create'] },
    { group: '', resource: 'pods/portforward', verbs: ['get'], untilMinor: lastExecByGet },
    { group: '', resource: 'pods/proxy', verbs: methods },
    { group: '', resource: 'services/proxy', verbs: methods },
  ],
  namedIsFine: true,
});
