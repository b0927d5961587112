import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Container as ContainerSpec, HTTPGetAction, Probe } from '../../api/schema/types.d.ts';
import { plainHttp } from '../../foundation/plain-http.ts';
import { portOf } from '../container-port.ts';
import { ExecTimeout, type Runtime } from '../runtimes/runtime.ts';
import { dialError, endpointOf } from './dial-error.ts';

/** Runs a probe once. Undefined is success, a text says what failed; it never rejects. */
export async function runProbe(
  runtime: Runtime,
  containerId: string,
  probe: Probe,
  spec: ContainerSpec,
  podIP: string,
): Promise<string | undefined> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  try {
    if (probe.exec) return await execProbe(runtime, containerId, probe.exec.command ?? [], timeoutMs);
    if (probe.httpGet) return await httpProbe(probe.httpGet, spec, podIP, timeoutMs);
    if (probe.tcpSocket)
      return await tcpProbe(probe.tcpSocket.host || podIP, portOf(probe.tcpSocket.port, spec), timeoutMs);
    if (probe.grpc) {
      // gRPC is loaded by the first probe that needs it.
      const { grpcProbe } = await import('./grpc-probe.ts');
      return await grpcProbe(podIP, probe.grpc.port, probe.grpc.service ?? '', timeoutMs);
    }
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

async function execProbe(runtime: Runtime, containerId: string, command: string[], timeoutMs: number) {
  try {
    const { exitCode, output } = await runtime.exec(containerId, command, timeoutMs);
    return exitCode === 0 ? undefined : output.trim() || `command ended with ${exitCode}`;
  } catch (error) {
    if (error instanceof ExecTimeout)
      return `command timed out: "${command.join(' ')}" timed out after ${timeoutMs / 1000}s`;
    throw error;
  }
}

const deadlineExceeded = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';

/** 200 to 399 is healthy; redirects are not followed; the certificate of an HTTPS server is not checked. */
function httpProbe(
  action: HTTPGetAction,
  spec: ContainerSpec,
  podIP: string,
  timeoutMs: number,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const secure = action.scheme === 'HTTPS';
    const given = Object.fromEntries((action.httpHeaders ?? []).map(({ name, value }) => [name.toLowerCase(), value]));
    const options = {
      host: action.host || podIP,
      port: portOf(action.port, spec),
      path: action.path?.startsWith('/') ? action.path : `/${action.path ?? ''}`,
      headers: { 'user-agent': 'kube-probe/1.36', accept: '*/*', connection: 'close', ...given },
      agent: false,
      maxHeaderSize: 16_384,
      ...(secure ? { rejectUnauthorized: false } : {}),
    };
    const request = (secure ? httpsRequest : plainHttp.request)(options, (response) => {
      const code = response.statusCode ?? 0;
      response.destroy();
      finish(code >= 200 && code < 400 ? undefined : `HTTP probe failed with statuscode: ${code}`);
    });
    // The timeout is for the whole probe: a server that trickles bytes must not hold it.
    const timer = setTimeout(() => request.destroy(new Error(deadlineExceeded)), timeoutMs);
    const finish = (result: string | undefined) => {
      clearTimeout(timer);
      resolve(result);
    };
    const url = `${secure ? 'https' : 'http'}://${endpointOf(options.host, options.port)}${options.path}`;
    request.on('error', (error) => finish(`Get "${url}": ${dialError(options.host, options.port, error)}`));
    request.end();
  });
}

function tcpProbe(host: string, port: number, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const finish = (result: string | undefined) => {
      socket.destroy();
      resolve(result);
    };
    socket.on('connect', () => finish(undefined));
    socket.on('timeout', () => finish(`dial tcp ${endpointOf(host, port)}: i/o timeout`));
    socket.on('error', (error) => finish(dialError(host, port, error)));
  });
}
