import { type FieldCase, testFields } from '../testing/refusals.ts';

const of = 'spec.containers[0].resources';

/** What is not asked for is asked for as much as it is limited. */
const both = (name: string) => [`${of}.limits[${name}]`, `${of}.requests[${name}]`];

const amounts: [resources: object, ...refused: string[]][] = [
  [{ limits: { 'hugepages-2Mi': '4Mi', cpu: '1' } }],
  [{ limits: { 'hugepages-2Mi': '4Mi' } }, of],
  [{ limits: { 'hugepages-2Mi': '3Mi', cpu: '1' } }, ...both('hugepages-2Mi')],
  [{ limits: { 'hugepages-x': '4Mi', cpu: '1' } }, ...both('hugepages-x')],
  [{ limits: { storage: '4Mi' } }, ...both('storage')],
  [{ claims: [{ name: 'gpu' }] }, `${of}.claims[0]`],
];
testFields(
  amounts.map(([value, ...refused]): FieldCase => ['v1 Pod', 'spec.containers.0.resources', value, ...refused]),
);

/** Of a pod that has the claims `a` and `b`. */
const claims: [claims: { name: string; request?: string }[], ...refused: string[]][] = [
  [[{ name: 'a', request: 'x' }, { name: 'a', request: 'y' }, { name: 'b' }]],
  [[{ name: 'a', request: 'x' }, { name: 'a' }], `${of}.claims[1]`],
  [[{ name: 'a' }, { name: 'a', request: 'x' }], `${of}.claims[1]`],
  [[{ name: 'a', request: 'X' }], `${of}.claims[0].request`],
  [[{ name: 'c' }, { name: '' }], `${of}.claims[0]`, `${of}.claims[1]`],
];
const withClaims = (used: object[]) => ({
  containers: [{ name: 'a', image: 'a', resources: { claims: used } }],
  resourceClaims: ['a', 'b'].map((name) => ({ name, resourceClaimName: name })),
});
testFields(claims.map(([used, ...refused]): FieldCase => ['v1 Pod', 'spec', withClaims(used), ...refused]));
