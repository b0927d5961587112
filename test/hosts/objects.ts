import { testImageReference } from '../../src/node/runtimes/testing/busybox.ts';

/**
 * A pod that may run where everything is closed, and answers HTTP on port 8080. It names no seccompProfile:
 * RuntimeDefault must come by itself.
 */
export const webPod = (name: string) => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name } } },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        ...{ name: 'main', image: testImageReference, command: ['httpd', '-f', '-p', '8080', '-h', '/tmp'] },
        securityContext: {
          ...{ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          ...{ runAsNonRoot: true, runAsUser: 1000 },
        },
        readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
      },
    ],
  },
});
