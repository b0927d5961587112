import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Container as ContainerSpec, HTTPGetAction, LifecycleHandler } from '../../api/schema/types.d.ts';
import type { Clock } from '../../foundation/clock.ts';
import { plainHttp } from '../../foundation/plain-http.ts';
import { portOf } from '../container-port.ts';
import type { Runtime } from '../runtimes/runtime.ts';

export type HookTarget = { runtime: Runtime; clock: Clock; containerId: string; spec: ContainerSpec; podIP: string };

/** Runs a postStart or preStop handler to its end. Rejects with what went wrong; `timeoutMs` bounds it. */
export async function runHook(handler: LifecycleHandler, target: HookTarget, timeoutMs: number): Promise<void> {
  const { exec, httpGet, tcpSocket, sleep } = handler;
  if (exec) {
    const { exitCode, output } = await target.runtime.exec(target.containerId, exec.command ?? [], timeoutMs);
    if (exitCode !== 0) throw new Error(`command ended with ${exitCode}: ${output.slice(0, 1024)}`);
  } else if (httpGet) await httpHook(httpGet, target, timeoutMs);
  else if (tcpSocket) await tcpHook(target.podIP, portOf(tcpSocket.port, target.spec), timeoutMs);
  else if (sleep) await pause(target.clock, Math.min(sleep.seconds * 1000, timeoutMs));
}

export const pause = (clock: Clock, milliseconds: number): Promise<void> =>
  new Promise((resolve) => clock.after(milliseconds, resolve));

function httpHook(action: HTTPGetAction, { podIP, spec }: HookTarget, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const secure = action.scheme === 'HTTPS';
    const headers = Object.fromEntries((action.httpHeaders ?? []).map(({ name, value }) => [name, value]));
    const options = {
      host: action.host || podIP,
      port: portOf(action.port, spec),
      path: action.path || '/',
      headers,
      timeout: timeoutMs,
      agent: false,
      ...(secure ? { rejectUnauthorized: false } : {}),
    };
    const request = (secure ? httpsRequest : plainHttp.request)(options, (response) => {
      response.destroy();
      resolve();
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    request.on('error', reject);
    request.end();
  });
}

function tcpHook(host: string, port: number, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    socket.on('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.on('timeout', () => socket.destroy(new Error(`no connection within ${timeoutMs} ms`)));
    socket.on('error', reject);
  });
}
