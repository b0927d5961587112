import { validateAutoscaler } from '../autoscaling/validate.ts';
import { type ColumnOf, defineKind } from '../define.ts';
import type { KubernetesObject, ObjectMeta } from '../object.ts';
import { decodeFields } from '../schema/decode.ts';
import type { AutoscalingV1HorizontalPodAutoscaler, HorizontalPodAutoscaler, MetricSpec } from '../schema/types.d.ts';
import { none } from '../table.ts';
import { validateCounts } from '../validation/counts.ts';

const metricsMax = 2;

type Target = { averageUtilization?: number; averageValue?: string; value?: string } | undefined;
const percent = (value: number | undefined) => (value === undefined ? undefined : `${value}%`);

/** `cpu: 10%/80%`. Source: kubernetes/kubernetes pkg/printers/internalversion/printers.go, formatHPAMetrics. */
function metrics({ spec, status }: HorizontalPodAutoscaler): string {
  const specs = spec?.metrics ?? [];
  if (specs.length === 0) return none;
  const shown = specs.slice(0, metricsMax).map((metric, index) => showMetric(metric, status?.currentMetrics?.[index]));
  return shown.join(', ') + (specs.length > metricsMax ? ` + ${specs.length - metricsMax} more...` : '');
}

function showMetric(metric: MetricSpec, status: Record<string, any> | undefined): string {
  const key = (metric.type ?? '').replace(/^./, (letter) => letter.toLowerCase());
  const source = (metric as Record<string, any>)[key];
  const target: Target = source?.target;
  const current: Target = status?.[key]?.current;
  if (!source) return '<unknown type>';
  const name = metric.type === 'Resource' || metric.type === 'ContainerResource' ? `${source.name}: ` : '';
  const average = target?.averageValue !== undefined;
  const wanted = average ? target.averageValue : (percent(target?.averageUtilization) ?? target?.value ?? '<auto>');
  const seen = average ? current?.averageValue : (percent(current?.averageUtilization) ?? current?.value);
  const suffix = average && (metric.type === 'External' || metric.type === 'Object') ? ' (avg)' : '';
  return `${name}${seen ?? '<unknown>'}/${wanted}${suffix}`;
}

const columns: ColumnOf<HorizontalPodAutoscaler>[] = [
  {
    name: 'Reference',
    type: 'string',
    value: ({ spec }) => `${spec?.scaleTargetRef?.kind}/${spec?.scaleTargetRef?.name}`,
  },
  { name: 'Targets', type: 'string', value: metrics },
  { name: 'MinPods', type: 'string', value: ({ spec }) => String(spec?.minReplicas ?? '<unset>') },
  { name: 'MaxPods', type: 'string', value: ({ spec }) => spec?.maxReplicas },
  { name: 'Replicas', type: 'string', value: ({ status }) => status?.currentReplicas ?? 0 },
];

export const horizontalPodAutoscaler = defineKind<HorizontalPodAutoscaler>({
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  resource: 'horizontalpodautoscalers',
  hasGeneration: false,
  shortNames: ['hpa'],
  categories: ['all'],
  status: true,
  validateStatus: ({ status }) => validateCounts(status, ['currentReplicas', 'desiredReplicas']),
  columns,
  validate: validateAutoscaler,
  // Source: kubernetes/kubernetes pkg/apis/autoscaling/v2/defaults.go.
  defaults({ spec }) {
    if (!spec) return;
    spec.minReplicas ??= 1;
    if (!spec.metrics?.length)
      spec.metrics = [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
      ];
    const { behavior } = spec;
    if (!behavior) return;
    behavior.scaleUp = { ...scaleUpByDefault(), ...behavior.scaleUp };
    behavior.scaleDown = { ...scaleDownByDefault(), ...behavior.scaleDown };
  },
});

const percentage = () => ({ type: 'Percent', value: 100, periodSeconds: 15 });
const scaleUpByDefault = () => ({
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, percentage()],
});
/** How long to wait before going down is the controller's to know. */
const scaleDownByDefault = () => ({ selectPolicy: 'Max', policies: [percentage()] });

/** The old form knows one metric: the average use of CPU. Everything else travels in annotations. */
export const horizontalPodAutoscalerV1 = defineKind<AutoscalingV1HorizontalPodAutoscaler>({
  group: 'autoscaling',
  kind: 'HorizontalPodAutoscaler',
  resource: 'horizontalpodautoscalers',
  hasGeneration: false,
  shortNames: ['hpa'],
  categories: ['all'],
  status: true,
  validateStatus: ({ status }) => validateCounts(status, ['currentReplicas', 'desiredReplicas']),
  columns: columns.map((column) => ({
    ...column,
    value: (object, nowMs) => column.value(toV2(object) as unknown as HorizontalPodAutoscaler, nowMs),
  })),
  defaults({ spec }) {
    if (spec) spec.minReplicas ??= 1;
  },
  validate: (object) => validateAutoscaler(toV2(object) as unknown as HorizontalPodAutoscaler),
  storedAs: {
    group: 'autoscaling',
    version: 'v2',
    resource: 'horizontalpodautoscalers',
    toStored: (object) => toV2(object as unknown as AutoscalingV1HorizontalPodAutoscaler),
    fromStored: (object) => toV1(object as unknown as HorizontalPodAutoscaler),
  },
});

/** Source: kubernetes/kubernetes pkg/apis/autoscaling/v1/conversion.go. */
const annotationNames = {
  metrics: 'autoscaling.alpha.kubernetes.io/metrics',
  behavior: 'autoscaling.alpha.kubernetes.io/behavior',
  conditions: 'autoscaling.alpha.kubernetes.io/conditions',
  currentMetrics: 'autoscaling.alpha.kubernetes.io/current-metrics',
};

const isCpu = (metric: MetricSpec) =>
  metric.type === 'Resource' && metric.resource?.name === 'cpu' && metric.resource.target?.type === 'Utilization';

function toV2(object: AutoscalingV1HorizontalPodAutoscaler): KubernetesObject {
  const { targetCPUUtilizationPercentage, ...spec } = object.spec ?? { maxReplicas: 0, scaleTargetRef: {} };
  const { currentCPUUtilizationPercentage, ...status } = object.status ?? { currentReplicas: 0, desiredReplicas: 0 };
  const annotations = { ...object.metadata.annotations };
  const take = (name: keyof typeof annotationNames) => {
    const text = annotations[annotationNames[name]];
    delete annotations[annotationNames[name]];
    return text === undefined ? undefined : parse(text, name);
  };
  const cpu = {
    type: 'Resource',
    resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: targetCPUUtilizationPercentage } },
  };
  const current = {
    type: 'Resource',
    resource: { name: 'cpu', current: { averageUtilization: currentCPUUtilizationPercentage } },
  };
  const list = [...(take('metrics') ?? []), ...(targetCPUUtilizationPercentage === undefined ? [] : [cpu])];
  const seen = [...(take('currentMetrics') ?? []), ...(currentCPUUtilizationPercentage === undefined ? [] : [current])];
  const behavior = take('behavior');
  const conditions = take('conditions');
  return {
    ...object,
    apiVersion: 'autoscaling/v2',
    metadata: withAnnotations(object.metadata, annotations),
    spec: { ...spec, ...(list.length > 0 ? { metrics: list } : {}), ...(behavior ? { behavior } : {}) },
    status: { ...status, ...(seen.length > 0 ? { currentMetrics: seen } : {}), ...(conditions ? { conditions } : {}) },
  } as KubernetesObject;
}

function toV1(object: HorizontalPodAutoscaler): KubernetesObject {
  const { metrics = [], behavior, ...spec } = object.spec ?? { maxReplicas: 0, scaleTargetRef: { kind: '', name: '' } };
  const { currentMetrics = [], conditions, ...status } = object.status ?? { currentReplicas: 0, desiredReplicas: 0 };
  const annotations = { ...object.metadata.annotations };
  const put = (name: keyof typeof annotationNames, value: unknown[] | object | undefined) => {
    const isEmpty = value === undefined || (Array.isArray(value) && value.length === 0);
    if (!isEmpty) annotations[annotationNames[name]] = JSON.stringify(value);
  };
  const isCpuStatus = (metric: Record<string, any>) => metric['resource']?.name === 'cpu';
  put(
    'metrics',
    metrics.filter((metric) => !isCpu(metric)),
  );
  put('behavior', behavior);
  put('conditions', conditions);
  put(
    'currentMetrics',
    currentMetrics.filter((metric) => !isCpuStatus(metric)),
  );
  const target = metrics.find(isCpu)?.resource?.target.averageUtilization;
  const current = currentMetrics.find(isCpuStatus)?.resource?.current?.averageUtilization;
  return {
    ...object,
    apiVersion: 'autoscaling/v1',
    metadata: withAnnotations(object.metadata, annotations),
    spec: { ...spec, ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }) },
    status: { ...status, ...(current === undefined ? {} : { currentCPUUtilizationPercentage: current }) },
  };
}

function withAnnotations(metadata: ObjectMeta, annotations: Record<string, string>): ObjectMeta {
  const { annotations: _, ...rest } = metadata;
  return Object.keys(annotations).length === 0 ? rest : { ...rest, annotations };
}

/** Annotations are anybody's text: what does not have the form of the field it stands for is nothing, as upstream. */
function parse(text: string, name: keyof typeof annotationNames): any {
  const { spec, status } = horizontalPodAutoscaler.schema.properties!;
  try {
    const value = JSON.parse(text);
    const { mismatch } = decodeFields({ ...spec!.properties, ...status!.properties }[name]!, value);
    return mismatch === undefined ? value : undefined;
  } catch {
    return undefined;
  }
}
