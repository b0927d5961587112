import { atLeast, excludes, includes, isFalse, isSet, isTrue, onlyStrongCiphers, seconds } from '../flags.ts';
import { type FlagRule, failed, type Item, inapplicable, type OnRempart, passed } from '../item.ts';

type Row = Partial<Pick<Item, 'level' | 'automated'>> & Omit<FlagRule, 'component'> & { onRempart: OnRempart };

const row = (id: string, title: string, { level = 1, automated = true, onRempart, ...rule }: Row): Item => ({
  ...{ id, title, level, automated, onRempart },
  judging: { by: 'flags', rule: { component: 'kube-apiserver', ...rule } },
});

const authorizationMode = {
  flags: ['authorization-mode'],
  byDefault: 'AlwaysAllow',
  configuredBy: 'authorization-config',
};
const enabled = ['enable-admission-plugins'];
const disabled = ['disable-admission-plugins'];
const manual = { automated: false };
const given = { accepts: isSet, expected: 'must be set' };
const noNetwork = inapplicable('the store is a file that only the API server opens: there is no connection to protect');
const audited = (why: string): OnRempart => ({ protection: 'audit', modes: ['enforce'], why });
const builtIn = (plugin: string) => passed(`${plugin} is a part of admission that cannot be left out`);

/** 1.2: the API server. */
export const apiServer: Item[] = [
  row('1.2.1', 'Requests without credentials are refused', {
    ...{ ...manual, flags: ['anonymous-auth'], byDefault: 'true', accepts: isFalse, expected: 'must be false' },
    configuredBy: 'authentication-config',
    onRempart: {
      ...{ protection: 'anonymous-access', modes: ['enforce'] },
      why: 'without credentials nothing answers but health and version',
    },
  }),
  row('1.2.2', 'No file holds tokens that never expire', {
    ...{ flags: ['token-auth-file'], accepts: (value) => !isSet(value), expected: 'must not be set' },
    onRempart: passed('there are no static tokens: every token is signed and expires'),
  }),
  row('1.2.3', 'Services may not claim external addresses', {
    ...{ ...manual, flags: enabled, accepts: includes('DenyServiceExternalIPs') },
    expected: 'must include DenyServiceExternalIPs',
    onRempart: builtIn('DenyServiceExternalIPs'),
  }),
  row('1.2.4', 'The API server shows kubelets a certificate', {
    ...{ flags: ['kubelet-client-certificate', 'kubelet-client-key'], ...given },
    onRempart: passed('it shows a certificate of its own that lives for a day, and node agents serve nobody else'),
  }),
  row('1.2.5', 'The API server verifies the certificates of kubelets', {
    ...{ flags: ['kubelet-certificate-authority'], ...given },
    onRempart: passed('connections to node agents are verified against the authority of the cluster'),
  }),
  row('1.2.6', 'Not every request is allowed', {
    ...{ ...authorizationMode, accepts: excludes('AlwaysAllow'), expected: 'must not include AlwaysAllow' },
    onRempart: passed('Node and RBAC decide, always; there is no mode that allows all'),
  }),
  row('1.2.7', 'Node agents may only what their own pods need', {
    ...{ ...authorizationMode, accepts: includes('Node'), expected: 'must include Node' },
    onRempart: passed('the Node authorizer is always on'),
  }),
  row('1.2.8', 'Roles decide who may do what', {
    ...{ ...authorizationMode, accepts: includes('RBAC'), expected: 'must include RBAC' },
    onRempart: passed('RBAC is always on'),
  }),
  row('1.2.9', 'Events cannot flood the API server', {
    ...{ ...manual, flags: enabled, accepts: includes('EventRateLimit'), expected: 'must include EventRateLimit' },
    onRempart: builtIn('EventRateLimit'),
  }),
  row('1.2.10', 'No admission plugin lets everything pass', {
    ...{ flags: enabled, accepts: excludes('AlwaysAdmit'), expected: 'must not include AlwaysAdmit' },
    onRempart: passed('there is no plugin that admits all'),
  }),
  row('1.2.11', 'An image on a node is not for pods that may not pull it', {
    ...{ ...manual, flags: enabled, accepts: includes('AlwaysPullImages'), expected: 'must include AlwaysPullImages' },
    onRempart: passed(
      'an image that came with a login is for pods that show that login; every other one asks the registry',
    ),
  }),
  row('1.2.12', 'Pods get a ServiceAccount that exists', {
    ...{ level: 2, flags: disabled, accepts: excludes('ServiceAccount'), expected: 'must not include ServiceAccount' },
    onRempart: builtIn('ServiceAccount'),
  }),
  row('1.2.13', 'Nothing is made in namespaces that end or are absent', {
    ...{ level: 2, flags: disabled, accepts: excludes('NamespaceLifecycle') },
    expected: 'must not include NamespaceLifecycle',
    onRempart: builtIn('NamespaceLifecycle'),
  }),
  row('1.2.14', 'A node agent changes only its own node and pods', {
    ...{ level: 2, flags: enabled, accepts: includes('NodeRestriction'), expected: 'must include NodeRestriction' },
    onRempart: builtIn('NodeRestriction'),
  }),
  row('1.2.15', 'The API server does not serve its profile', {
    ...{ flags: ['profiling'], byDefault: 'true', accepts: isFalse, expected: 'must be false' },
    onRempart: passed('nothing serves profiles'),
  }),
  row('1.2.16', 'Requests are recorded in an audit log', {
    ...{ flags: ['audit-log-path'], ...given },
    onRempart: audited('requests are recorded in a log whose lines are chained by hash'),
  }),
  row('1.2.17', 'The audit log is kept for 30 days', {
    ...{ flags: ['audit-log-maxage'], accepts: atLeast(30), expected: 'must be 30 or more' },
    onRempart: failed('the log is kept by size, not by age: copy it elsewhere to have 30 days for certain'),
  }),
  row('1.2.18', 'Ten old files of the audit log are kept', {
    ...{ flags: ['audit-log-maxbackup'], accepts: atLeast(10), expected: 'must be 10 or more' },
    onRempart: audited('ten files are kept'),
  }),
  row('1.2.19', 'A file of the audit log may grow to 100 MB', {
    ...{ flags: ['audit-log-maxsize'], accepts: atLeast(100), expected: 'must be 100 or more' },
    onRempart: audited('a file of the log is closed at 100 MiB, 1000 MiB are kept in all'),
  }),
  row('1.2.20', 'No request may last for long', {
    ...{ ...manual, flags: ['request-timeout'], byDefault: '60s', expected: 'must be between 1 and 300 seconds' },
    accepts: (value) => (seconds(value) ?? 0) >= 1 && seconds(value)! <= 300,
    onRempart: passed('a client has two minutes to send its request'),
  }),
  row('1.2.21', 'A token ends with its ServiceAccount', {
    ...{ flags: ['service-account-lookup'], byDefault: 'true', accepts: isTrue, expected: 'must be true' },
    onRempart: passed('each request looks up the ServiceAccount, and the pod, that its token is bound to'),
  }),
  row('1.2.22', 'Tokens of ServiceAccounts are signed with a key of their own', {
    ...{ flags: ['service-account-key-file'], ...given },
    onRempart: passed('tokens are signed with keys of their own, which `rempart rotate-keys` replaces'),
  }),
  row('1.2.23', 'The API server shows the store a certificate', {
    ...{ flags: ['etcd-certfile', 'etcd-keyfile'], ...given },
    onRempart: noNetwork,
  }),
  row('1.2.24', 'The API is served with TLS', {
    ...{ flags: ['tls-cert-file', 'tls-private-key-file'], ...given },
    onRempart: passed('it is served with TLS 1.3, and its certificate is renewed every day'),
  }),
  row('1.2.25', 'Client certificates are verified', {
    ...{ flags: ['client-ca-file'], ...given },
    onRempart: passed('client certificates are verified against the authority of the cluster'),
  }),
  row('1.2.26', 'The API server verifies the certificate of the store', {
    ...{ flags: ['etcd-cafile'], ...given },
    onRempart: noNetwork,
  }),
  row('1.2.27', 'Secrets are encrypted in the store', {
    ...{ ...manual, flags: ['encryption-provider-config'], ...given },
    onRempart: {
      ...{ protection: 'secret-encryption', modes: ['enforce'] },
      why: 'Secrets are encrypted before they reach the store',
    },
  }),
  row('1.2.28', 'The encryption of the store is a strong one', {
    ...{ ...manual, flags: ['encryption-provider-config'], ...given },
    unseen: 'which provider encrypts stands in a file of the host',
    onRempart: {
      ...{ protection: 'secret-encryption', modes: ['enforce'] },
      why: 'Secrets are encrypted and authenticated with keys that can be rotated',
    },
  }),
  row('1.2.29', 'Only strong ciphers are used', {
    ...{ ...manual, flags: ['tls-cipher-suites'], accepts: onlyStrongCiphers },
    expected: 'must list suites with forward secrecy and authenticated encryption only',
    onRempart: passed('only TLS 1.3 is spoken, which has no weak ciphers'),
  }),
  row('1.2.30', 'Tokens of pods are not extended to a year', {
    ...{ flags: ['service-account-extend-token-expiration'], byDefault: 'true', accepts: isFalse },
    expected: 'must be false',
    onRempart: passed('tokens of pods live for an hour and none for more than a day'),
  }),
];
