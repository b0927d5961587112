import type { Container, Probe } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { forbiddenValue, invalidValue, required } from '../validation/errors.ts';
import {
  checkNoneNegative,
  checkNotNegative,
  checkOptionalEnum,
  checkPort,
  checkPortReference,
  checkPositive,
} from '../validation/values.ts';

const probeNames = ['livenessProbe', 'startupProbe', 'readinessProbe'] as const;

/** What only containers with a life of their own may have: all but initContainers that run to completion. */
export function validateProbes(container: Container, field: string, errors: FieldError[]): void {
  for (const name of probeNames) {
    const probe = container[name];
    if (!probe) continue;
    const at = `${field}.${name}`;
    const mustSucceedOnce = name !== 'readinessProbe';
    validateProbe(probe, at, errors);
    if (mustSucceedOnce && probe.successThreshold !== undefined && probe.successThreshold !== 1)
      errors.push(invalidValue(`${at}.successThreshold`, probe.successThreshold, 'must be 1'));
    if (!mustSucceedOnce && probe.terminationGracePeriodSeconds !== undefined)
      errors.push(
        invalidValue(
          `${at}.terminationGracePeriodSeconds`,
          probe.terminationGracePeriodSeconds,
          'must not be set for readinessProbes',
        ),
      );
  }
}

const probeNumbers = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

function validateProbe(probe: Probe, field: string, errors: FieldError[]): void {
  validateHandler(probe, field, errors);
  checkNoneNegative(probe, probeNumbers, field, errors);
  checkPositive(probe.terminationGracePeriodSeconds, `${field}.terminationGracePeriodSeconds`, errors);
}

type Handler = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> & { sleep?: { seconds: number } };
const handlerNames = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;
const schemes = enumOf(['HTTP', 'HTTPS'], 'core.v1.HTTPGetAction.scheme');

export function validateHandler(handler: Handler, field: string, errors: FieldError[]): void {
  let given = 0;
  for (const name of handlerNames)
    if (handler[name] !== undefined && ++given > 1)
      errors.push(forbiddenValue(`${field}.${name}`, 'may not specify more than 1 handler type'));
  if (given === 0) errors.push(required(field, 'must specify a handler type'));
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  if (exec && !exec.command?.length) errors.push(required(`${field}.exec.command`));
  if (httpGet) {
    if (!httpGet.path) errors.push(required(`${field}.httpGet.path`));
    checkPortReference(httpGet.port, `${field}.httpGet.port`, errors);
    checkOptionalEnum(httpGet.scheme, schemes, `${field}.httpGet.scheme`, errors);
    httpGet.httpHeaders?.forEach((header, index) => {
      if (!/^[-A-Za-z0-9]+$/.test(header.name ?? ''))
        errors.push(
          invalidValue(
            `${field}.httpGet.httpHeaders[${index}].name`,
            header.name,
            "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for " +
              "validation is '[-A-Za-z0-9]+')",
          ),
        );
    });
  }
  if (tcpSocket) checkPortReference(tcpSocket.port, `${field}.tcpSocket.port`, errors);
  if (grpc) checkPort(grpc.port, `${field}.grpc.port`, errors);
  if (sleep) checkNotNegative(sleep.seconds, `${field}.sleep.seconds`, errors);
}
