import { defineKind } from '../define.ts';
import { defaultPodTemplate } from '../pods/defaults.ts';
import { readyOfWanted, replicaScale } from '../pods/replicated.ts';
import { validateWorkload } from '../pods/workloads.ts';
import type { StatefulSet } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { containerColumns } from '../table.ts';
import { validateReplicas } from '../validation/counts.ts';
import { enumOf } from '../validation/enums.ts';
import { ErrorList, forbiddenValue } from '../validation/errors.ts';
import { dnsLabel } from '../validation/names.ts';
import { checkEnum, checkName, checkNotNegative, checkPodCount, sameValue } from '../validation/values.ts';
import { validateClaimSpec } from '../validation/volume-claims.ts';
import { templateWarnings } from '../warnings/pods.ts';
import { defaultClaimSpec } from './persistent-volume-claim.ts';

const managements = enumOf(['OrderedReady', 'Parallel'], 'apps.v1.StatefulSetSpec.podManagementPolicy');

const strategies = enumOf(['OnDelete', 'RollingUpdate'], 'apps.v1.StatefulSetUpdateStrategy.type');

const retentions = enumOf(
  ['Delete', 'Retain'],
  'apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy.whenDeleted',
  'apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy.whenScaled',
);

export const statefulSet = defineKind<StatefulSet>({
  group: 'apps',
  kind: 'StatefulSet',
  resource: 'statefulsets',
  warnings: (object, old) => templateWarnings(object, old),
  shortNames: ['sts'],
  categories: ['all'],
  status: true,
  validateStatus: ({ status }) => validateReplicas(status),
  scale: replicaScale,
  columns: [readyOfWanted, ...containerColumns<StatefulSet>(({ spec }) => spec?.template?.spec?.containers)],
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
  name: dnsLabel,
  validate: (object, old) => [...validateWorkload(withClaims(object), old), ...validateSet(object, old)],
  prepareCreate(object) {
    object.status = { replicas: 0, availableReplicas: 0 };
  },
});

/** Containers also mount the claims that are made for them. */
function withClaims(object: StatefulSet): StatefulSet {
  const claims = (object.spec?.volumeClaimTemplates ?? []).map(({ metadata }) => ({
    name: metadata?.name ?? '',
    emptyDir: {},
  }));
  const pod = object.spec?.template?.spec;
  if (!pod || claims.length === 0) return object;
  // A claim takes the place of a volume of the same name.
  const others = (pod.volumes ?? []).filter(({ name }) => !claims.some((claim) => claim.name === name));
  const template = { ...object.spec!.template, spec: { ...pod, volumes: [...others, ...claims] } };
  return { ...object, spec: { ...object.spec!, template } };
}

const changeable = new Set([
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
]);

/** Source: kubernetes/kubernetes pkg/apis/apps/validation/validation.go, ValidateStatefulSet and its update. */
function validateSet({ spec }: StatefulSet, old: StatefulSet | undefined): FieldError[] {
  const errors = new ErrorList();
  checkEnum(spec?.podManagementPolicy, managements, 'spec.podManagementPolicy', errors);
  checkEnum(spec?.updateStrategy?.type, strategies, 'spec.updateStrategy.type', errors);
  const rolling = spec?.updateStrategy?.rollingUpdate;
  checkNotNegative(rolling?.partition, 'spec.updateStrategy.rollingUpdate.partition', errors);
  checkPodCount(rolling?.maxUnavailable, 'spec.updateStrategy.rollingUpdate.maxUnavailable', errors);
  checkNotNegative(spec?.ordinals?.start, 'spec.ordinals.start', errors);
  for (const name of ['whenDeleted', 'whenScaled'] as const) {
    const field = `spec.persistentVolumeClaimRetentionPolicy.${name}`;
    checkEnum(spec?.persistentVolumeClaimRetentionPolicy?.[name], retentions, field, errors);
  }
  (spec?.volumeClaimTemplates ?? []).forEach((claim, index) => {
    validateClaimSpec(claim.spec ?? {}, `spec.volumeClaimTemplates[${index}].spec`, errors);
  });
  if (!old && spec?.serviceName) checkName(spec.serviceName, dnsLabel, 'spec.serviceName', errors);
  if (!old) return errors;
  const [after, before]: Record<string, unknown>[] = [spec ?? {}, old.spec ?? {}];
  const isChanged = [...Object.keys(after!), ...Object.keys(before!)].some(
    (key) => !changeable.has(key) && !sameValue(after![key], before![key]),
  );
  if (isChanged)
    errors.push(
      forbiddenValue(
        'spec',
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', " +
          "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
      ),
    );
  return errors;
}
