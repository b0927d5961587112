import { isPublicAddress } from '../../exposure/clients.ts';
import { exposureOf } from '../../exposure/exposure.ts';
import { writtenMode } from '../../protection-mode.ts';
import { type AdministrationCheck, fail, notAssessed, pass } from './contract.ts';

/** Where the API is, and who may connect. */
export const apiAddress: AdministrationCheck = {
  id: 'administration/api-address',
  severity: 'high',
  title: 'The API server is not open to the Internet',
  mend: 'give it a private address, or an allow-list of client networks in front of it',
  benchmark: ['NSA network separation and hardening'],
  judge({ snapshot, endpoint }) {
    const inside = exposureOf(snapshot).entries.filter(
      ({ workload, verdict, type }) =>
        verdict === 'open' && type !== 'host network' && /kube-apiserver/.test(workload.name),
    );
    const exposed = inside.map(({ type, at, via }) => fail(`${type} ${at} leads to the API server`, via));
    if (exposed.length > 0) return exposed;
    const onLoopback = writtenMode(snapshot, 'api-on-loopback');
    if (onLoopback === 'enforce') return [pass('it listens on loopback only (protection api-on-loopback)')];
    if (onLoopback !== undefined) {
      const listed = writtenMode(snapshot, 'client-allow-list') === 'enforce';
      return [listed ? pass('an allow-list says who may connect') : fail('it listens beyond loopback, for everybody')];
    }
    if (endpoint === undefined) return [notAssessed('manifests do not say where the API server is')];
    const host = new URL(endpoint.server).hostname;
    // How it is reached from here, perhaps by a tunnel, says nothing of other ways to it.
    const isAddress = /^\d+\.\d+\.\d+\.\d+$/.test(host);
    const what = !isAddress
      ? 'is a name'
      : isPublicAddress(host)
        ? 'is public'
        : 'is private, which others need not be';
    return [
      notAssessed(`its address ${host} ${what}: firewalls and allow-lists in front of it are not objects of the API`),
    ];
  },
};

export const apiCredential: AdministrationCheck = {
  id: 'administration/kubeconfig',
  severity: 'medium',
  title: 'The credential in use expires, and the server is verified',
  mend: 'use certificates and tokens of hours or days; remove insecure-skip-tls-verify',
  benchmark: ['CIS 3.1.1', 'NSA authentication and authorization'],
  judge({ endpoint, nowMs }) {
    if (endpoint === undefined) return [];
    const { credential, insecureSkipTlsVerify, server } = endpoint;
    const verified = insecureSkipTlsVerify
      ? [fail(`the kubeconfig does not verify ${server}: whoever stands between can read every credential`)]
      : [];
    if (credential.type !== 'certificate')
      return [...verified, notAssessed(`when the ${credential.type} of the kubeconfig expires is not in it`)];
    const days = Math.round((credential.expiresMs - nowMs) / dayMs);
    const masters = credential.groups.includes('system:masters') ? ', of system:masters, past every role' : '';
    const text = `the client certificate is valid for ${days} more days${masters}; no list of revoked ones exists`;
    const long = credential.expiresMs - credential.fromMs > certificateMaxDays * dayMs;
    return [...verified, long || masters !== '' ? fail(text) : pass(text)];
  },
};

export const dayMs = 24 * 3600 * 1000;
/** What kubeadm gives, and renews; longer is held to be without end. */
export const certificateMaxDays = 90;
