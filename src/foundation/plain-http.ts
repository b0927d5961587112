/**
 * HTTP without TLS, as `node:http` has it. Importing that module makes each of its names, and for `WebSocket` among them
 * loads a whole client for fetch: 20 to 40 ms of every start and 3 MB of every process.
 */
export const plainHttp = process.getBuiltinModule('node:http');
