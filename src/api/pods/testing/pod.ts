import { kindOf } from '../../api.ts';
import type { KubernetesObject } from '../../object.ts';

export const kind = kindOf('v1', 'Pod')!;

/** A valid pod, changed by the test, as the server would see it on a create. */
export function podWith(change: (pod: any) => void): KubernetesObject {
  const pod: any = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      containers: [
        {
          name: 'app',
          image: 'nginx:1.27',
          ports: [{ name: 'http', containerPort: 80 }],
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
      volumes: [{ name: 'data', emptyDir: {} }],
    },
  };
  change(pod);
  kind.prepareCreate(pod);
  kind.defaults(pod);
  return pod;
}
