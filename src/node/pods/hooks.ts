import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Container as ContainerSpec, HTTPGetAction, LifecycleHandler } from '../../api/schema/types.d.ts';
import type { Clock } from '../../foundation/clock.ts';
import { plainHttp } from '../../foundation/plain-http.ts';
import { portOf } from '../container-port.ts';
import type { Runtime } from '../runtimes/runtime.ts';

export type HookTarget = { runtime: Runtime; clock: Clock; containerId: string; spec: ContainerSpec; podIP: string };

/** Runs a postStart or preStop handler. Rejects with what went wrong, and after `timeoutMs` whatever the handler does. */
export async function runHook(handler: LifecycleHandler, target: HookTarget, timeoutMs: number): Promise<void> {
  const { clock } = target;
  if (handler.sleep) return pause(clock, Math.min(handler.sleep.seconds * 1000, timeoutMs));
  const over = new AbortController();
  const late = Promise.withResolvers<never>();
  const cancel = clock.after(timeoutMs, () =>
    late.reject(new Error(`the hook did not end within ${timeoutMs / 1000} s`)),
  );
  try {
    await Promise.race([handle(handler, target, timeoutMs, over.signal), late.promise]);
  } finally {
    cancel();
    over.abort();
  }
}

async function handle(handler: LifecycleHandler, target: HookTarget, timeoutMs: number, over: AbortSignal) {
  const { exec, httpGet, tcpSocket } = handler;
  if (exec) {
    const { exitCode, output } = await target.runtime.exec(target.containerId, exec.command ?? [], timeoutMs);
    if (exitCode !== 0) throw new Error(`command ended with ${exitCode}: ${output.slice(0, 1024)}`);
  } else if (httpGet) await httpHook(httpGet, target, over);
  else if (tcpSocket) await tcpHook(target.podIP, portOf(tcpSocket.port, target.spec), over);
}

export const pause = (clock: Clock, milliseconds: number): Promise<void> =>
  new Promise((resolve) => clock.after(milliseconds, resolve));

function httpHook(action: HTTPGetAction, { podIP, spec }: HookTarget, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const secure = action.scheme === 'HTTPS';
    const headers = Object.fromEntries((action.httpHeaders ?? []).map(({ name, value }) => [name, value]));
    const options = {
      host: action.host || podIP,
      port: portOf(action.port, spec),
      path: action.path || '/',
      headers,
      agent: false,
      signal,
      ...(secure ? { rejectUnauthorized: false } : {}),
    };
    const request = (secure ? httpsRequest : plainHttp.request)(options, (response) => {
      response.destroy();
      resolve();
    });
    request.on('error', reject);
    request.end();
  });
}

function tcpHook(host: string, port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    socket.on('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.on('error', reject);
  });
}
