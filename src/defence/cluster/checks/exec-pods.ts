import { lastExecByGet, rightCheck } from '../role-rights.ts';

export const execPods = rightCheck({
  id: 'rbac/exec-pods',
  severity: 'high',
  title: 'No role executes in pods',
  why: 'a command in a running container has its secrets, its token and its network',
  mend: 'bind it for the time of an incident only',
  benchmark: ['NSA authentication and authorization'],
  rights: [
    { group: '', resource: 'pods/exec', verbs: ['create'] },
    { group: '', resource: 'pods/attach', verbs: ['create'] },
    { group: '', resource: 'pods/exec', verbs: ['get'], untilMinor: lastExecByGet },
    { group: '', resource: 'pods/attach', verbs: ['get'], untilMinor: lastExecByGet },
    { group: '', resource: 'pods/ephemeralcontainers', verbs: ['update', 'patch'] },
  ],
});
