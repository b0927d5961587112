import type { KubeletFacts } from '../../../api/host-facts.ts';
import { type Item, inapplicable, type OnRempart } from '../item.ts';
import { proxyMetrics } from '../objects.ts';

type Row<Key extends keyof KubeletFacts> = Partial<Pick<Item, 'level' | 'automated'>> & {
  accepts(value: KubeletFacts[Key]): boolean;
  expected: string;
  onRempart?: OnRempart;
};

function row<Key extends keyof KubeletFacts>(
  id: string,
  kubelet: Key,
  title: string,
  { level = 1, automated = true, onRempart, ...rule }: Row<Key>,
): Item {
  return {
    ...{ id, title, level, automated },
    judging: { by: 'host', rule: { kubelet, ...rule } },
    ...(onRempart ? { onRempart } : {}),
  };
}

const manual = { automated: false };
const off = { accepts: (value: boolean) => !value, expected: 'must be off' };
const on = { accepts: (value: boolean) => value, expected: 'must be on' };

/** 4.2: the kubelet, which on Rempart is the node agent. */
export const kubelet: Item[] = [
  row('4.2.1', 'anonymousAuthentication', 'The kubelet answers nobody without credentials', off),
  row('4.2.2', 'authorization', 'The kubelet asks who may do what', {
    accepts: (value) => value !== 'AlwaysAllow',
    expected: 'must not be AlwaysAllow',
  }),
  row('4.2.3', 'clientAuthority', 'The kubelet verifies client certificates', on),
  row('4.2.4', 'readOnlyPort', 'No port of the kubelet is open without credentials', {
    ...{ ...manual, accepts: (value) => value === 0, expected: 'must be 0' },
  }),
  row('4.2.5', 'streamingIdleSeconds', 'Streams that nobody uses end', {
    ...{ ...manual, accepts: (value) => value > 0, expected: 'must be above 0' },
  }),
  row('4.2.6', 'ownsPacketRules', 'The kubelet keeps its chains of packet rules', {
    ...on,
    onRempart: inapplicable('services and policies are nftables tables of the node agent: there are no such chains'),
  }),
  row('4.2.7', 'hostnameOverridden', 'The node is called as its machine is', { ...manual, ...off }),
  row('4.2.8', 'eventsAtOnceMax', 'Enough events are recorded', {
    ...{ ...manual, level: 2, accepts: (value) => value > 0, expected: 'must be above 0' },
  }),
  row('4.2.9', 'servingCertificate', 'The kubelet is served with a certificate that was issued to it', {
    ...manual,
    ...on,
  }),
  row('4.2.10', 'rotatesClientCertificate', 'The certificate of the kubelet is renewed', on),
  row('4.2.11', 'rotatesServingCertificate', 'The serving certificate of the kubelet is renewed', { ...manual, ...on }),
  row('4.2.12', 'minimumTls', 'The kubelet uses strong ciphers only', {
    ...{ ...manual, accepts: (value) => value === 'TLSv1.3', expected: 'must be TLSv1.3, which has no weak ciphers' },
  }),
  row('4.2.13', 'podProcessesMax', 'The processes of a pod are limited', {
    ...{ ...manual, accepts: (value) => value > 0, expected: 'must be above 0' },
  }),
  row('4.2.14', 'seccompDefault', 'Containers have a seccomp profile by default', { ...manual, ...on }),
];

/** 4.3: kube-proxy. */
export const proxy: Item[] = [
  {
    ...{ id: '4.3.1', level: 1, automated: true, title: 'Metrics of kube-proxy are served to its own machine only' },
    judging: { by: 'objects', judge: proxyMetrics },
    onRempart: inapplicable('there is no kube-proxy: the node agent writes services into the kernel'),
  },
];
