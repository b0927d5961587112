import { X509Certificate } from 'node:crypto';
import { type Connection, readMaterial } from '../../../client/connection.ts';
import type { Severity } from '../../contract.ts';
import type { ObjectRef } from '../../object-ref.ts';
import { apiAddress, apiCredential } from './api-server.ts';
import type { AdministrationCheck, AdministrationContext, AdministrationVerdict, Endpoint } from './contract.ts';
import { bootstrapTokens, endlessTokens, longCertificates } from './credentials.ts';
import { exposedDashboards } from './dashboards.ts';
import { etcd, kubelet } from './nodes.ts';
import { anonymousRights, everybodysRights } from './rights.ts';

export type { Endpoint } from './contract.ts';

/** Everything that is judged about who may administer the cluster, and from where. */
export const administrationChecks: AdministrationCheck[] = [
  ...[apiAddress, apiCredential, anonymousRights, everybodysRights, kubelet, etcd, exposedDashboards],
  ...[endlessTokens, bootstrapTokens, longCertificates],
];

export type AdministrationFinding = {
  check: string;
  title: string;
  severity: Severity;
  verdict: AdministrationVerdict['verdict'];
  why: string;
  by: ObjectRef[];
  mend: string;
  benchmark: string[];
};

/** One line for each verdict. A check that throws on hostile objects has not assessed them. */
export function judgeAdministration(context: AdministrationContext): AdministrationFinding[] {
  return administrationChecks.flatMap(({ id, title, severity, mend, benchmark, judge }) =>
    judged(() => judge(context).map((verdict) => asFarAsSeen(context, verdict))).map((verdict) => ({
      ...{ check: id, title, severity: verdict.severity ?? severity, mend, benchmark },
      ...{ verdict: verdict.verdict, why: verdict.why, by: verdict.by },
    })),
  );
}

/** Manifests are a part of what runs: that something is absent from them says nothing of the cluster. */
function asFarAsSeen({ snapshot }: AdministrationContext, verdict: AdministrationVerdict): AdministrationVerdict {
  if (snapshot.source === 'cluster' || verdict.verdict !== 'pass' || verdict.by.length > 0) return verdict;
  return { ...verdict, verdict: 'not assessed', why: `${verdict.why}, but manifests are only a part of what runs` };
}

function judged(judge: () => AdministrationVerdict[]): AdministrationVerdict[] {
  try {
    return judge();
  } catch (error) {
    return [{ verdict: 'not assessed', why: (error as Error).message, by: [] }];
  }
}

/** How a kubeconfig reaches the API, without its keys. */
export function endpointOf(connection: Connection): Endpoint {
  const { cert, token } = readMaterial(connection);
  const about = { server: connection.server, insecureSkipTlsVerify: connection.insecureSkipTlsVerify === true };
  if (cert === undefined) return { ...about, credential: { type: token === undefined ? 'none' : 'token' } };
  const { validFromDate, validToDate, subject } = new X509Certificate(cert);
  const groups = [...subject.matchAll(/^O=(.*)$/gm)].map(([, name]) => name!);
  const [fromMs, expiresMs] = [validFromDate.getTime(), validToDate.getTime()];
  return { ...about, credential: { type: 'certificate', fromMs, expiresMs, groups } };
}
