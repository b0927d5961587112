import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { after, test } from 'node:test';
import { connect } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { manualClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
import type { AuditEvent } from '../contracts.ts';
import { ask } from '../testing/ask.ts';
import { configMap, configMaps, must } from '../testing/objects.ts';
import { startServer, testAdmin } from '../testing/start.ts';
import { openDoors } from './listener.ts';

const server = await startServer();
after(() => server.stop());

const json = { 'Content-Type': 'application/json' };
const post = (body: string | Buffer, type = 'application/json', path = configMaps) =>
  ask(server, path, { method: 'POST', body, headers: { 'Content-Type': type } });

test('bodies that cannot be understood are answered with a Status that says why', async () => {
  const bad: [string, string, number][] = [
    ['{"a":', 'application/json', 400],
    ['[1,2]', 'application/json', 400],
    ['"text"', 'application/json', 400],
    ['a: [b', 'application/yaml', 400],
    [`${'['.repeat(5000)}`, 'application/json', 400],
    [`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`, 'application/json', 400],
    ['{}', 'text/xml', 415],
    ['{}', 'application/cbor', 415],
    ['nonsense', 'application/vnd.kubernetes.protobuf', 400],
    ['k8s\0\xff\xff\xff', 'application/vnd.kubernetes.protobuf', 400],
  ];
  for (const [body, type, code] of bad) {
    const answer = await post(body, type);
    assert.equal(answer.code, code, `${type} ${body.slice(0, 20)}: ${answer.text}`);
    assert.equal(answer.json.kind, 'Status');
    assert.ok(answer.json.message.length > 10);
  }
});

test('a connection is upgraded for what runs in a pod only: nothing else is done, and no watch is left open', async () => {
  const headers = { ...json, Connection: 'Upgrade', Upgrade: 'websocket' };
  const made = await ask(server, configMaps, { method: 'POST', body: JSON.stringify(configMap('upgraded')), headers });
  assert.equal(made.code, 400);
  assert.match(made.json.message, /ask without the header Upgrade/);
  assert.equal((await ask(server, `${configMaps}/upgraded`)).code, 404);
  for (const path of [`${configMaps}?watch=1`, '/healthz', '/api/v1/namespaces/default/pods/x/proxy'])
    assert.equal((await ask(server, path, { headers })).code, 400, path);
});

test('a page of another site does nothing with the certificate of who looks at it', async () => {
  const own = server.authority.client('anna');
  const certified = (method: string, headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const options = { method, agent: false, ca: server.authority.certificate, ...own, headers };
      const outgoing = request(`${server.url}${configMaps}`, options, (answer) => {
        answer.resume();
        resolve(answer.statusCode!);
      });
      outgoing.on('error', reject).end(method === 'POST' ? JSON.stringify(configMap('from-a-page')) : '');
    });
  for (const site of ['cross-site', 'same-site']) {
    assert.equal(await certified('POST', { 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': 'no-cors' }), 403, site);
    assert.equal(await certified('GET', { 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': 'websocket' }), 403, site);
    assert.equal(await certified('GET', { 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': 'navigate' }), 200, 'a link');
  }
  const foreign = { 'Sec-Fetch-Site': 'cross-site' };
  assert.equal((await ask(server, configMaps, { headers: foreign })).code, 403, 'what a proxy adds is lent as well');
  const token = { 'Sec-WebSocket-Protocol': `base64url.bearer.authorization.k8s.io.${btoa('anna')}` };
  assert.equal((await ask(server, configMaps, { headers: { ...foreign, ...token }, user: null })).code, 200);
  assert.equal(await certified('GET', { ...foreign, ...token }), 403);
  for (const headers of [{}, { 'Sec-Fetch-Site': 'same-origin' }, { 'Sec-Fetch-Site': 'none' }] as Record<
    string,
    string
  >[])
    assert.equal(await certified('GET', headers), 200);
});

test('a watch ends when its credential or its rights do, not when it is over', { timeout: 20_000 }, async () => {
  const clock = manualClock(Date.now());
  const known = new Set(['anna', 'bob']);
  const allowed = new Set(['anna', 'bob']);
  const small = await startServer({
    clock,
    defences: {
      authenticate: async ({ bearerToken: username = '' }) =>
        known.has(username) ? { username, groups: [] } : undefined,
      authorize: ({ user }) => ({ allowed: user.username === 'test-admin' || allowed.has(user.username), reason: '' }),
    },
  });
  const ended: string[] = [];
  const watches = ['anna', 'bob'].map(async (user) => {
    const { code } = await ask(small, `${configMaps}?watch=1&timeoutSeconds=86400`, { user });
    ended.push(`${user} ${code}`);
  });
  const metrics = async () => String((await small.call(testAdmin, { method: 'GET', path: '/metrics' })).body);
  while (!/registered_watchers\{resource="configmaps"\} 2/.test(await metrics())) await new Promise(setImmediate);
  known.delete('anna');
  clock.advance(60_000);
  await watches[0];
  assert.deepEqual(ended, ['anna 200']);
  allowed.delete('bob');
  clock.advance(60_000);
  await watches[1];
  await small.stop();
});

test('a watch that ends while its credential is looked at is not asked for again', async () => {
  const clock = manualClock(Date.now());
  let asked = 0;
  let answer = Promise.resolve();
  const small = await startServer({
    clock,
    defences: {
      authenticate: async () => {
        asked++;
        await answer;
        return { username: 'anna', groups: [] };
      },
    },
  });
  const options = { agent: false, ca: small.authority.certificate };
  const outgoing = request(`${small.url}${configMaps}?watch=1`, options).on('error', () => {});
  await once(outgoing.end(), 'response');
  const { promise, resolve } = Promise.withResolvers<void>();
  answer = promise;
  clock.advance(60_000);
  outgoing.destroy();
  const metrics = async () => String((await small.call(testAdmin, { method: 'GET', path: '/metrics' })).body);
  while (/registered_watchers\{resource="configmaps"\}/.test(await metrics())) await new Promise(setImmediate);
  resolve();
  await new Promise(setImmediate);
  clock.advance(60_000);
  assert.equal(asked, 2);
  await small.stop();
});

test('who makes up resources makes no series of the metrics, so that none is lacking for those that there are', async () => {
  const madeUp = ['/api/v1/made-up', '/api/v1/pods/x/made-up', '/apis/made-up/v1/pods'];
  for (const path of [...madeUp, `${configMaps}/absent`]) assert.equal((await ask(server, path)).code, 404, path);
  const { text } = await ask(server, '/metrics');
  assert.doesNotMatch(text, /made-up/);
  assert.match(text, /resource="configmaps",subresource="",code="404"/);
});

test('who is refused writes little into the audit log, whose oldest lines go for the newest', async () => {
  const long = 'x'.repeat(10_000);
  const headers = { 'User-Agent': long };
  const lineOf = async (path: string, user: string | null) => {
    await ask(server, path, { headers, user });
    return server.audited.at(-1)!;
  };
  for (const path of [
    `/api/v1/namespaces/${long}/configmaps/${long}?${long}`,
    `/healthz/${long}`,
    `/${long.repeat(4)}`,
  ]) {
    const { requestURI, userAgent, objectRef } = await lineOf(path, null);
    assert.ok(JSON.stringify([requestURI, userAgent, objectRef]).length < 5000, path.slice(0, 40));
    assert.ok(requestURI.endsWith('...TRUNCATED'));
  }
  const body = JSON.stringify({ spec: { nonResourceAttributes: { path: '/', verb: 'get' } } });
  const reviews = `/apis/authorization.k8s.io/v1/selfsubjectaccessreviews?${long}`;
  assert.equal((await ask(server, reviews, { method: 'POST', body, headers: json })).code, 201);
  assert.ok(server.audited.at(-1)!.requestURI.length < 2000, 'nor who asks what anybody may');
  const asked = `${configMaps}?labelSelector=${'x'.repeat(60)}&${long}`;
  assert.equal((await lineOf(asked, 'anna')).requestURI, asked, 'what was done is told in full');
});

test('wrong types name the field', async () => {
  const answer = await post('{"metadata":{"name":"x"},"data":{"a":5}}');
  assert.equal(answer.code, 400);
  assert.match(answer.json.message, /data/);
});

test('bodies of very many values, names or mistakes are refused, and told of a hundred', async () => {
  const bindings = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings';
  const binding = (subjects: number) => {
    const roleRef = '{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"a"}';
    return `{"metadata":{"name":"x"},"roleRef":${roleRef},"subjects":[${Array(subjects).fill('{}').join()}]}`;
  };
  const values = await post(binding(900_000), 'application/json', bindings);
  assert.deepEqual([values.code, values.json.reason], [413, 'RequestEntityTooLarge']);
  const mistakes = await post(binding(90_000), 'application/json', bindings);
  assert.deepEqual([mistakes.code, mistakes.json.details.causes.length], [422, 100]);
  const data = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, '']));
  assert.equal((await post(JSON.stringify(configMap('names', data)))).code, 413);
});

test('a body above 3 MiB is refused with 413, declared or not', async () => {
  const body = Buffer.alloc(10 * 1024 * 1024, 32);
  const declared = await post(body).catch((error) => error);
  assert.ok(
    declared.code === 413 || declared.code === 'EPIPE' || declared.code === 'ECONNRESET',
    String(declared.code),
  );
  const chunked = await ask(server, configMaps, {
    method: 'POST',
    headers: { ...json, 'Transfer-Encoding': 'chunked' },
    body,
  }).catch((error) => error);
  assert.ok(chunked.code === 413 || chunked.code === 'EPIPE' || chunked.code === 'ECONNRESET', String(chunked.code));
  assert.equal((await ask(server, configMaps)).code, 200);
});

test('an Accept list falls back to what can be served, and ends in 406', async () => {
  const protobufFirst = 'application/vnd.kubernetes.protobuf,application/json';
  const fallback = await ask(server, configMaps, { headers: { Accept: protobufFirst } });
  assert.equal(fallback.headers['content-type'], 'application/json');
  const none = await ask(server, configMaps, { headers: { Accept: 'image/png' } });
  assert.equal(none.code, 406);
  assert.equal(none.json.reason, 'NotAcceptable');
  const body = JSON.stringify(configMap('unanswerable'));
  const unanswerable = { method: 'POST', headers: { ...json, Accept: 'image/png' }, body };
  assert.equal((await ask(server, configMaps, unanswerable)).code, 406);
  assert.equal((await ask(server, `${configMaps}/unanswerable`)).code, 404);
  const yaml = await ask(server, configMaps, { headers: { Accept: 'application/yaml' } });
  assert.match(yaml.text, /^kind: ConfigMapList/m);
});

test('a YAML body is an object like any other', async () => {
  const answer = await post(
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-yaml}\ndata:\n  a: "1"\n',
    'application/yaml',
  );
  assert.equal(answer.code, 201);
  assert.deepEqual(answer.json.data, { a: '1' });
});

test('keys given twice are told apart from honest bodies', async () => {
  const body = '{"metadata":{"name":"double"},"data":{"a":"1","a":"2"}}';
  const strict = await post(body, 'application/json', `${configMaps}?fieldValidation=Strict`);
  assert.equal(strict.code, 400);
  assert.match(strict.json.message, /duplicate field "data.a"/);
  const warned = await post(body);
  assert.equal(warned.code, 201);
  assert.match(String(warned.headers['warning']), /^299 - "duplicate field \\"data.a\\""/);
});

test('what is not HTTP gets a Status and a closed connection', async () => {
  const text = await new Promise<string>((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    const socket = connect({ host: hostname, port: Number(port), ca: server.authority.certificate });
    let received = '';
    socket.on('data', (chunk) => (received += chunk));
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
    socket.write('HELLO THERE\r\n\r\n');
  });
  assert.match(text, /^HTTP\/1.1 400 /);
  assert.match(text, /"kind":"Status"/);
});

test('a client without TLS 1.3 is not served', async () => {
  const { hostname, port } = new URL(server.url);
  const error = await new Promise<Error & { code?: string }>((resolve, reject) => {
    const options = { host: hostname, port: Number(port), ca: server.authority.certificate };
    const socket = connect({ ...options, maxVersion: 'TLSv1.2' }, () => reject(new Error('it was served')));
    socket.on('error', resolve);
  });
  assert.match(String(error.code), /PROTOCOL_VERSION|ECONNRESET/);
});

test('nobody is nobody: without credentials, or with a foreign certificate, it is 401', async () => {
  const answer = await ask(server, configMaps, { user: null });
  assert.equal(answer.code, 401);
  assert.equal(answer.json.reason, 'Unauthorized');
});

test('an address that is not allowed is cut off before TLS', async () => {
  const closed = await startServer({ defences: { allowConnection: (address) => !address.includes('127.0.0.1') } });
  try {
    await assert.rejects(ask(closed, '/version'), /socket|ECONNRESET/);
  } finally {
    await closed.stop();
  }
});

test('large answers are compressed for who asks, small ones never', async () => {
  const data = { text: 'x'.repeat(300_000) };
  await must(server, 'POST', configMaps, configMap('large', data));
  const read = (path: string) =>
    new Promise<{ encoding: string | undefined; body: Buffer }>((resolve, reject) => {
      const headers = { Authorization: 'Bearer t', 'Accept-Encoding': 'gzip' };
      request(`${server.url}${path}`, { ca: server.authority.certificate, agent: false, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk) => chunks.push(chunk));
        answer.on('end', () => resolve({ encoding: answer.headers['content-encoding'], body: Buffer.concat(chunks) }));
      })
        .on('error', reject)
        .end();
    });
  const one = await read(`${configMaps}/large`);
  assert.equal(one.encoding, 'gzip');
  assert.deepEqual(JSON.parse(gunzipSync(one.body).toString()).data, data);
  const list = await read(configMaps);
  assert.equal(list.encoding, 'gzip');
  assert.equal(JSON.parse(gunzipSync(list.body).toString()).kind, 'ConfigMapList');
  assert.equal((await read('/version')).encoding, undefined);
});

test('certificates are swapped without a restart', async () => {
  const own = await startServer();
  try {
    const { hostname, port } = new URL(own.url);
    const serial = () =>
      new Promise<string>((resolve, reject) => {
        const socket = connect({ host: hostname, port: Number(port), ca: own.authority.certificate }, () => {
          resolve(socket.getPeerCertificate().serialNumber);
          socket.destroy();
        });
        socket.on('error', reject);
      });
    const before = await serial();
    own.setTls({ ...own.authority.server(), clientCa: own.authority.certificate });
    assert.notEqual(await serial(), before);
  } finally {
    await own.stop();
  }
});

test('a watcher that never reads is cut off, others go on', async () => {
  const { hostname, port } = new URL(server.url);
  const socket = connect({ host: hostname, port: Number(port), ca: server.authority.certificate });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.on('secureConnect', resolve));
  socket.write(`GET ${configMaps}?watch=1&labelSelector=flood HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n\r\n`);
  await new Promise((resolve) => socket.once('readable', resolve));
  socket.pause();
  const gone = new Promise((resolve) => socket.on('close', resolve));
  const text = 'y'.repeat(900_000);
  await must(server, 'POST', configMaps, configMap('flood', { text }, { flood: '' }));
  for (let round = 0; round < 25; round++)
    await must(
      server,
      'PATCH',
      `${configMaps}/flood`,
      { data: { round: String(round) } },
      'application/merge-patch+json',
    );
  assert.equal((await ask(server, `${configMaps}/large`)).code, 200);
  socket.resume();
  await gone;
});

test('one user cannot take all seats, and all users together not those of the cluster itself', async () => {
  const bounds = { requestsMax: 4, requestsPerUserMax: 2, streamsMax: 4, streamsPerUserMax: 2 };
  const small = await startServer({ bounds });
  try {
    const stop = new AbortController();
    const watch = (username: string, groups: string[] = []) => {
      const user = { username, groups };
      return small.stream(user, { method: 'GET', path: `${configMaps}?watch=1` }, () => {}, stop.signal);
    };
    const open = [watch('greedy'), watch('greedy')];
    await assert.rejects(watch('greedy'), (error: any) => error.code === 429 && error.details.retryAfterSeconds === 1);
    open.push(watch('modest'));
    await assert.rejects(watch('late'), (error: any) => error.code === 429);
    open.push(watch('system:node:n1', ['system:nodes']));
    stop.abort();
    await Promise.all(open);
  } finally {
    await small.stop();
  }
});

test('a client that is gone before anybody reads its body is done with, and recorded', async () => {
  const { promise: recorded, resolve: record } = Promise.withResolvers<AuditEvent>();
  const small = await startServer({
    defences: {
      authenticate: async ({ request: asked }) => {
        if (asked!.method !== 'POST') return testAdmin;
        client.destroy();
        await new Promise((resolve) => asked!.once('close', resolve));
        return testAdmin;
      },
      audit: { ready: () => undefined, record: (event) => event.userAgent === 'gone' && record(event) },
    },
  });
  const headers = { ...json, 'User-Agent': 'gone', 'Content-Length': 100 };
  const client = request(`${small.url}${configMaps}`, { method: 'POST', rejectUnauthorized: false, headers });
  client.on('error', () => {});
  client.write('{');
  assert.equal((await recorded).responseStatus?.code, 400);
  await small.stop();
});

const unfinished = {
  headers: 'GET / HTTP/1.1\r\nHost: x\r\n',
  body: 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"a',
};
for (const [part, sent] of Object.entries(unfinished))
  test(`a client that never finishes its ${part} is told so and cut off`, async () => {
    const tls = { ...server.authority.server(), clientCa: server.authority.certificate };
    const timeouts = { handshakeMs: 1000, headersMs: 50, requestMs: 100, checkEveryMs: 20 };
    const handlers = { allow: () => true, request: () => undefined, upgrade: () => undefined };
    const doors = await openDoors([{ host: '127.0.0.1', port: 0 }], tls, handlers, silentLog, timeouts);
    try {
      const text = await new Promise<string>((resolve, reject) => {
        const socket = connect({ ...doors.addresses()[0]!, ca: server.authority.certificate });
        let received = '';
        socket.on('data', (chunk) => {
          received += chunk;
        });
        socket.on('close', () => resolve(received));
        socket.on('error', reject);
        socket.write(sent);
      });
      assert.match(text, /^HTTP\/1.1 408 /);
    } finally {
      await doors.close(0);
    }
  });

test('a connection that never speaks TLS is cut off', async () => {
  const tls = { ...server.authority.server(), clientCa: server.authority.certificate };
  const timeouts = { handshakeMs: 50, headersMs: 50, requestMs: 100, checkEveryMs: 20 };
  const handlers = { allow: () => true, request: () => undefined, upgrade: () => undefined };
  const doors = await openDoors([{ host: '127.0.0.1', port: 0 }], tls, handlers, silentLog, timeouts);
  try {
    await new Promise<void>((resolve) => {
      const socket = connectTcp({ ...doors.addresses()[0]! });
      socket.on('close', () => resolve());
      socket.resume();
    });
  } finally {
    await doors.close(0);
  }
});

test('patches that reach for prototypes, identities or nowhere change nothing of the sort', async () => {
  await must(server, 'POST', configMaps, configMap('target', { a: '1' }));
  const path = `${configMaps}/target`;
  const patch = (body: string, type: string) =>
    ask(server, path, { method: 'PATCH', body, headers: { 'Content-Type': `application/${type}+json` } });
  const operations = [
    '{"op":"add","path":"/__proto__/polluted","value":1}',
    '{"op":"add","path":"/constructor/prototype/polluted","value":1}',
    '{"op":"replace","path":"/metadata/name","value":"other"}',
    '{"op":"replace","path":"/metadata/namespace","value":"kube-system"}',
    '{"op":"replace","path":"/kind","value":"Secret"}',
    '{"op":"remove","path":"/nowhere/at/all"}',
    '{"op":"copy","from":"/data","path":"/data/a/b/c"}',
    '{"op":"replace","path":"","value":null}',
    '{"op":"nonsense","path":"/data"}',
    '{"op":"add","path":"data","value":{}}',
  ];
  for (const operation of operations) {
    const { code, json } = await patch(`[${operation}]`, 'json-patch');
    assert.ok(code >= 400 && code < 500, `${operation}: ${code}`);
    assert.equal(json.kind, 'Status');
  }
  for (const type of ['merge-patch', 'strategic-merge-patch']) {
    const { code } = await patch('{"__proto__":{"polluted":1},"data":{"__proto__":"x","constructor":"y"}}', type);
    assert.ok(code < 500, `${type}: ${code}`);
    const stolen = await patch('{"metadata":{"uid":"mine"}}', type);
    assert.equal(stolen.code, 409, stolen.text);
    for (const body of ['null', '[]', '1', '{"metadata":null}', '{"data":{"a":{"b":1}}}']) {
      const answer = await patch(body, type);
      assert.ok(answer.code < 500, `${type} ${body}: ${answer.code} ${answer.text}`);
    }
  }
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  const after = await must(server, 'GET', path);
  assert.equal(after.metadata.name, 'target');
  assert.equal(after.kind, 'ConfigMap');
});
