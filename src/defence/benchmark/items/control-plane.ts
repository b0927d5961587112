import { excludes, isFalse, isLoopback, isNotTrue, isSet, isTrue } from '../flags.ts';
import { type FlagRule, failed, type Item, inapplicable, type OnRempart, passed } from '../item.ts';
import { clientCertificatesOfPeople } from '../objects.ts';

type Row = Partial<Pick<Item, 'level' | 'automated'>> & FlagRule & { onRempart: OnRempart };

const row = (id: string, title: string, { level = 1, automated = true, onRempart, ...rule }: Row): Item => ({
  ...{ id, title, level, automated, onRempart },
  judging: { by: 'flags', rule },
});

const manager = { component: 'kube-controller-manager' } as const;
const scheduler = { component: 'kube-scheduler' } as const;
const given = { accepts: isSet, expected: 'must be set' };
const unprofiled = { flags: ['profiling'], byDefault: 'true', accepts: isFalse, expected: 'must be false' };
/** The default of both components is every address, whatever old copies of the benchmark say. */
const onLoopback = {
  ...{ flags: ['bind-address'], byDefault: '0.0.0.0', accepts: isLoopback },
  expected: 'must be 127.0.0.1',
};
const inside = passed('it runs inside the process of the API server and listens nowhere');

/** 1.3 and 1.4: the controller manager and the scheduler. */
export const controllers: Item[] = [
  row('1.3.1', 'Pods that have ended are removed above a number', {
    ...{ ...manager, automated: false, flags: ['terminated-pod-gc-threshold'] },
    accepts: (value) => Number(value) > 0,
    expected: 'must be set, above 0',
    onRempart: passed('the oldest pods that have ended are removed above 12,500'),
  }),
  row('1.3.2', 'The controller manager does not serve its profile', {
    ...{ ...manager, ...unprofiled },
    onRempart: passed('nothing serves profiles'),
  }),
  row('1.3.3', 'Every controller has an identity of its own', {
    ...{ ...manager, flags: ['use-service-account-credentials'], byDefault: 'false', accepts: isTrue },
    expected: 'must be true',
    onRempart: passed('every controller has a ServiceAccount, and a role made from what it declares to read and write'),
  }),
  row('1.3.4', 'Tokens of ServiceAccounts are signed with a private key that is named', {
    ...{ ...manager, flags: ['service-account-private-key-file'], ...given },
    onRempart: passed('tokens are signed by the API server alone, with a key that no other process reads'),
  }),
  row('1.3.5', 'Pods are given the authority by which they verify the API server', {
    ...{ ...manager, flags: ['root-ca-file'], ...given },
    onRempart: passed('kube-root-ca.crt is in every namespace and in every token volume'),
  }),
  row('1.3.6', 'Serving certificates of kubelets can be renewed', {
    ...{ ...manager, level: 2, flags: ['feature-gates'] },
    accepts: excludes('RotateKubeletServerCertificate=false'),
    expected: 'must not hold RotateKubeletServerCertificate=false',
    onRempart: passed('serving certificates of nodes are renewed every day'),
  }),
  row('1.3.7', 'The controller manager listens on its own machine only', {
    ...{ ...manager, ...onLoopback },
    onRempart: inside,
  }),
  row('1.4.1', 'The scheduler does not serve its profile', {
    ...{ ...scheduler, ...unprofiled },
    onRempart: passed('nothing serves profiles'),
  }),
  row('1.4.2', 'The scheduler listens on its own machine only', { ...scheduler, ...onLoopback, onRempart: inside }),
];

const noEtcd = inapplicable('there is no etcd: the store is a file that only the API server opens');
const etcd = { component: 'etcd', onRempart: noEtcd } as const;
const selfSigned = { accepts: isNotTrue, byDefault: 'false', expected: 'must not be true' };
const required = { accepts: isTrue, byDefault: 'false', expected: 'must be true' };

/** 2: etcd. */
export const store: Item[] = [
  row('2.1', 'etcd is served with TLS', { ...etcd, flags: ['cert-file', 'key-file'], ...given }),
  row('2.2', 'Clients of etcd show a certificate', { ...etcd, flags: ['client-cert-auth'], ...required }),
  row('2.3', 'etcd does not sign certificates for itself', { ...etcd, flags: ['auto-tls'], ...selfSigned }),
  row('2.4', 'Members of etcd speak TLS', { ...etcd, flags: ['peer-cert-file', 'peer-key-file'], ...given }),
  row('2.5', 'Members of etcd show a certificate', { ...etcd, flags: ['peer-client-cert-auth'], ...required }),
  row('2.6', 'Members of etcd do not sign certificates for themselves', {
    ...{ ...etcd, flags: ['peer-auto-tls'], ...selfSigned },
  }),
  row('2.7', 'etcd trusts an authority of its own', {
    ...{ ...etcd, level: 2, automated: false, flags: ['trusted-ca-file'] },
    accepts: (value) => isSet(value) && !/(?:^|\/)pki\/ca\.crt$/.test(value!),
    expected: 'must be set, and not to the authority of the cluster',
  }),
];

const recorded: OnRempart = { protection: 'audit', modes: ['enforce'], why: 'a policy is built in' };
const auditPolicy = { component: 'kube-apiserver', automated: false, flags: ['audit-policy-file'], ...given } as const;

/** 3: who people are, and what is recorded of them. */
export const controlPlane: Item[] = [
  {
    ...{ id: '3.1.1', level: 1, automated: false, title: 'People do not come with client certificates' },
    judging: { by: 'objects', judge: clientCertificatesOfPeople },
    onRempart: failed('the owner’s kubeconfig is a client certificate: it lives for 7 days and cannot be taken back'),
  },
  {
    ...{ id: '3.1.2', level: 1, automated: false, title: 'People do not come with tokens of ServiceAccounts' },
    judging: { by: 'checks' },
  },
  {
    ...{ id: '3.1.3', level: 1, automated: false, title: 'People do not come with bootstrap tokens' },
    judging: { by: 'checks' },
  },
  row('3.2.1', 'An audit policy says what is recorded', { ...auditPolicy, onRempart: recorded }),
  row('3.2.2', 'The audit policy covers secrets, workloads and what runs inside pods', {
    ...{ ...auditPolicy, level: 2, unseen: 'the policy stands in a file of the host' },
    onRempart: {
      ...{ protection: 'audit', modes: ['enforce'] },
      why: 'every write and every refusal is recorded, and reads of secrets and of people, exec included, never contents',
    },
  }),
];
