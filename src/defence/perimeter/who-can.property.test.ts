import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../../test/property.ts';
import { serviceAccountUser } from '../../api/rbac/identity.ts';
import { isSubject } from '../../api/rbac/subject.ts';
import type { UserInfo } from '../../api/user.ts';
import { rolesOf } from '../snapshot/roles.ts';
import { anySnapshot } from '../testing/random.ts';
import { readRightQuery } from './right-query.ts';
import { whoCan } from './who-can.ts';

const users: UserInfo[] = [
  { username: 'anna', groups: ['dev', 'system:authenticated'] },
  ...['a', 'b'].flatMap((at) => ['w', 'x', 'y'].map((name) => serviceAccountUser(at, name))),
];

/** A request for one object, as it is asked and as it is authorized. */
const anyRequest = fc.record({
  verb: fc.constantFrom('get', 'list', 'create', 'patch', 'impersonate', 'bind'),
  what: fc.constantFrom(
    'secrets',
    'pods',
    'pods/exec',
    'serviceaccounts/token',
    'namespaces',
    'nodes/proxy',
    'clusterroles',
  ),
  name: fc.constantFrom('s', 'w', 'a', 'b'),
  namespace: fc.constantFrom('a', 'b'),
});

test('whoever is named can, and whoever can is named: as the authorizer decides', () => {
  fc.assert(
    fc.property(anySnapshot, anyRequest, (snapshot, { verb, what, name: chosen, namespace }) => {
      const [resource = '', subresource = ''] = what.split('/');
      const nameless = verb === 'list' || (verb === 'create' && subresource === '');
      const clusterScoped = /^(namespaces|nodes|clusterroles)/.test(what);
      const name = nameless ? '' : chosen;
      const query = readRightQuery(verb, what, { name, ...(clusterScoped ? {} : { namespace }) });
      const { holders } = whoCan(snapshot, query);
      const { index } = rolesOf(snapshot);
      for (const user of users) {
        // The API server takes a Namespace's own name for the namespace of the request.
        const at = resource === 'namespaces' ? name : clusterScoped ? '' : namespace;
        const asked = { user, verb, group: query.group, version: 'v1', resource, subresource, namespace: at, name };
        const allowed = index.allowed(asked) !== undefined;
        // A list of named objects is one by a field selector: it is told with its names.
        const told = holders.some(
          ({ subject, names }) => isSubject(user, subject) && (!nameless || names.length === 0),
        );
        assert.equal(told, allowed, `${user.username} ${verb} ${what} ${name}`);
      }
    }),
    { numRuns: 500 },
  );
});
