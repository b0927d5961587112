import { type Check, failOn, notApplicable } from '../../contract.ts';
import { kindName } from '../../object-ref.ts';
import { containersIn, exampleDeployment } from '../../workload.ts';

const kinds = ['Deployment.apps', 'StatefulSet.apps', 'DaemonSet.apps'];

export const probes: Check = {
  id: 'probes',
  level: 'cluster',
  severity: 'low',
  title: 'Every serving container says when it is ready',
  kinds,
  why: 'without a readiness probe a pod gets requests before it can answer them, and updates go on while nothing works',
  mend: 'add a readinessProbe that asks what clients ask',
  benchmark: ['NSA upgrading and application security'],
  examples: {
    pass: [[exampleDeployment()]],
    fail: [[exampleDeployment(({ spec }) => void delete spec.template.spec.containers[0].readinessProbe)]],
  },
  judge(object) {
    if (!kinds.includes(kindName(object))) return notApplicable;
    const serving = containersIn(object).filter(
      ({ container, init, ephemeral }) => !init && !ephemeral && (container['ports'] ?? ['unknown']).length > 0,
    );
    return failOn(
      serving
        .filter(({ container }) => !container['readinessProbe'])
        .map(({ container, field }) => ({
          field: [...field, 'readinessProbe'],
          reason: 'no readiness probe',
          detail: `container "${container['name']}" is taken for ready as soon as it runs`,
        })),
    );
  },
};
