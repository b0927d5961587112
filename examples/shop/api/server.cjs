// The shop's API: items are kept in Redis. No dependencies, so that the image holds Node and this file only.
const { createServer } = require('node:http');
const { connect } = require('node:net');
const { readFileSync } = require('node:fs');

const port = Number(process.env.PORT ?? 8080);
const bodyMostBytes = 4096;
const database = { host: process.env.DATABASE_HOST, port: Number(process.env.DATABASE_PORT ?? 6379) };
const passwordFile = process.env.DATABASE_PASSWORD_FILE;

/** One command to Redis over a connection of its own; resolves to the reply (RESP2: string, number, null or array). */
function redis(...words) {
  const password = readFileSync(passwordFile, 'utf8').trim();
  return new Promise((resolve, reject) => {
    const socket = connect(database);
    let text = '';
    socket.setTimeout(2000, () => socket.destroy(new Error('the database does not answer')));
    socket.on('error', reject);
    // Without effect once it has answered.
    socket.on('close', () => reject(new Error('the database closed the connection before it answered')));
    socket.on('connect', () => socket.write(encode(['AUTH', password]) + encode(words)));
    socket.on('data', (data) => {
      text += data.toString('utf8');
      const login = decode(text, 0);
      const reply = login && decode(text, login.next);
      if (!reply) return;
      socket.end();
      if (login.value instanceof Error) reject(login.value);
      else if (reply.value instanceof Error) reject(reply.value);
      else resolve(reply.value);
    });
  });
}

const encode = (words) =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;

/** The value at `start` and where the next one begins; undefined when the text does not hold all of it yet. */
function decode(text, start) {
  const end = text.indexOf('\r\n', start);
  if (end < 0) return undefined;
  const line = text.slice(start + 1, end);
  const next = end + 2;
  if (text[start] === '+') return { value: line, next };
  if (text[start] === '-') return { value: new Error(line), next };
  if (text[start] === ':') return { value: Number(line), next };
  if (text[start] === '$') {
    if (line === '-1') return { value: null, next };
    // Items are ASCII (see itemOf), so that characters and bytes are the same.
    const length = Number(line);
    return text.length < next + length + 2
      ? undefined
      : { value: text.slice(next, next + length), next: next + length + 2 };
  }
  const values = [];
  let at = next;
  for (let index = 0; index < Number(line); index++) {
    const item = decode(text, at);
    if (!item) return undefined;
    values.push(item.value);
    at = item.next;
  }
  return { value: values, next: at };
}

async function bodyOf(request) {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > bodyMostBytes) throw Object.assign(new Error('the body is too large'), { code: 413 });
  }
  return text;
}

/** Letters, digits and a few marks only: what customers type ends up in other customers' pages. */
function itemOf(text) {
  const item = text.trim();
  if (!/^[A-Za-z0-9 .,_-]{1,80}$/.test(item))
    throw Object.assign(new Error('an item is 1 to 80 plain characters'), { code: 422 });
  return item;
}

async function answer(request) {
  if (request.url === '/healthz') return { alive: true };
  if (request.url === '/readyz') return { database: await redis('PING') };
  if (request.url !== '/api/items') throw Object.assign(new Error('no such page'), { code: 404 });
  if (request.method === 'POST') await redis('RPUSH', 'items', itemOf(await bodyOf(request)));
  return { items: await redis('LRANGE', 'items', '-100', '-1') };
}

const server = createServer((request, response) => {
  answer(request).then(
    (value) => response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value)),
    (error) => response.writeHead(error.code > 399 ? error.code : 503).end(JSON.stringify({ error: error.message })),
  );
});
server.listen(port, () => console.log(`listening on ${server.address().port}`));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
