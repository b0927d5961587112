import { defineKind } from '../define.ts';
import { defaultPodTemplate } from '../pods/defaults.ts';
import type { StatefulSet } from '../schema/types.d.ts';
import { containerColumns } from '../table.ts';
import { defaultClaimSpec } from './persistent-volume-claim.ts';

export const statefulSet = defineKind<StatefulSet>({
  group: 'apps',
  kind: 'StatefulSet',
  resource: 'statefulsets',
  shortNames: ['sts'],
  categories: ['all'],
  status: true,
  scale: { specReplicas: '.spec.replicas', statusReplicas: '.status.replicas', labelSelector: '.status.selector' },
  columns: [
    {
      name: 'Ready',
      type: 'string',
      value: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    },
    ...containerColumns<StatefulSet>(({ spec }) => spec?.template.spec?.containers),
  ],
  // Source: kubernetes/kubernetes pkg/apis/apps/v1/defaults.go, SetDefaults_StatefulSet.
  defaults({ spec }) {
    if (!spec) return;
    spec.podManagementPolicy ||= 'OrderedReady';
    spec.updateStrategy ??= {};
    spec.updateStrategy.type ||= 'RollingUpdate';
    if (spec.updateStrategy.type === 'RollingUpdate') {
      spec.updateStrategy.rollingUpdate ??= {};
      spec.updateStrategy.rollingUpdate.partition ??= 0;
    }
    spec.persistentVolumeClaimRetentionPolicy ??= {};
    spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain';
    spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain';
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    defaultPodTemplate(spec.template);
    for (const claim of spec.volumeClaimTemplates ?? []) {
      claim.apiVersion = 'v1';
      claim.kind = 'PersistentVolumeClaim';
      defaultClaimSpec(claim.spec);
      claim.status ??= { phase: 'Pending' };
    }
  },
  prepareCreate(object) {
    object.status = { replicas: 0, availableReplicas: 0 };
  },
});
