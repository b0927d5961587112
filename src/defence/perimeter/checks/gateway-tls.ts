import { type Check, failOn, type Manifest } from '../../contract.ts';

const gateway = (protocol: string): Manifest => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { listeners: [{ name: 'web', port: 80, protocol }] },
});

export const gatewayTls: Check = {
  id: 'exposure/gateway-tls',
  level: 'perimeter',
  severity: 'medium',
  title: 'Every listener of a Gateway has TLS',
  kinds: ['Gateway.gateway.networking.k8s.io'],
  why: 'without TLS everybody on the way reads and changes what is sent, passwords and cookies included',
  mend: 'use protocol HTTPS; keep an exception for a listener that only redirects',
  benchmark: ['NSA network separation and hardening'],
  examples: { pass: [[gateway('HTTPS')]], fail: [[gateway('HTTP')]] },
  judge({ spec }) {
    return failOn(
      ((spec?.listeners ?? []) as Record<string, any>[]).flatMap(({ name, port, protocol }, index) =>
        protocol === 'HTTP'
          ? [
              {
                field: ['spec', 'listeners', index, 'protocol'],
                reason: 'no TLS',
                detail: `listener "${name}" on port ${port}`,
              },
            ]
          : [],
      ),
    );
  },
};
