/**
 * The four levels of defence: checks with verdicts, on objects from anywhere. What judges is pure; what reads and writes
 * files is in manifests/ and fix.ts, what reads a cluster in snapshot/.
 */

export {
  type BenchmarkName,
  type BenchmarkReport,
  benchmarkNames,
  judgeBenchmark,
} from './benchmark/benchmark.ts';
export { renderBenchmark } from './benchmark/render.ts';
export { checks } from './checks.ts';
export type { Check, Finding, JudgeContext, Level, Manifest, Severity, Verdict } from './contract.ts';
export { levels, severities } from './contract.ts';
export { type CheckOptions, check, exitCodeOf } from './judge/check.ts';
export { type ReportFormat, render, reportFormats } from './judge/report/formats.ts';
export type { CheckReport } from './judge/report/report.ts';
export { followDrops, observe } from './observations/observe.ts';
export { renderDrop, renderImported, renderObservations, renderWatched } from './observations/report.ts';
export { isEnd } from './paths/ends.ts';
export { findPaths } from './paths/paths.ts';
export { renderPaths, renderWorst } from './paths/render.ts';
export { worstPaths } from './paths/worst.ts';
export { endpointOf } from './perimeter/administration/administration.ts';
export { deriveRoles } from './perimeter/derived/derive.ts';
export { renderRoles, rolesYaml, writeRoles } from './perimeter/derived/render.ts';
export { renderExposure, reportExposure } from './perimeter/exposure-report.ts';
export { generatePolicies } from './perimeter/generate/generate.ts';
export { generatedYaml } from './perimeter/generate/render.ts';
export { renderWhoCan } from './perimeter/render.ts';
export { readRightQuery } from './perimeter/right-query.ts';
export { whoCan } from './perimeter/who-can.ts';
export { plan as makePlan, writePlan } from './plan/plan.ts';
export { renderPlan } from './plan/render.ts';
export type { Preview } from './preview/impact.ts';
export { preview, subjectText } from './preview/preview.ts';
export { type PreviewOptions, previewOn } from './preview/run.ts';
export { restsOn, warningsOf } from './preview/warnings.ts';
export { reachReport } from './reachability/report.ts';
export { asJson, asYaml } from './report/lines.ts';
export { printable } from './report/printable.ts';
export { readKinds } from './snapshot/kinds.ts';
export { readerObjects } from './snapshot/reader.ts';
export { type Change, createSnapshot, type Snapshot } from './snapshot/snapshot.ts';
export { readSoundSource } from './snapshot/sound.ts';
export { newestMinor, readSource, type Source, type SourceOptions } from './source.ts';
