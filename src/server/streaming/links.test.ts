import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { rewriteLinks, throughProxy } from './links.ts';

const prefix = '/api/v1/namespaces/shop/services/web/proxy';
const place = { prefix, hosts: ['10.244.0.2:80', 'api.example.com:6443'] };

/** The page as it comes out when it comes in pieces of `size` bytes. */
function passed(page: string, size = page.length): Promise<string> {
  const stream = rewriteLinks(place);
  const bytes = Buffer.from(page);
  for (let at = 0; at < bytes.length; at += size) stream.write(bytes.subarray(at, at + size));
  stream.end();
  return text(stream);
}

test('paths of the backend are found below the proxy, relative and foreign links stay', () => {
  const expected: [string, string][] = [
    ['/a?b#c', `${prefix}/a?b#c`],
    ['/', `${prefix}/`],
    [`${prefix}/a`, `${prefix}/a`],
    ['a/b', 'a/b'],
    ['', ''],
    ['#part', '#part'],
    ['mailto:x@example.com', 'mailto:x@example.com'],
    ['http://10.244.0.2:80/a', `${prefix}/a`],
    ['https://API.example.com:6443', `${prefix}/`],
    ['http://elsewhere.example.com/a', 'http://elsewhere.example.com/a'],
    ['//elsewhere.example.com/a', '//elsewhere.example.com/a'],
  ];
  for (const [url, wanted] of expected) assert.equal(throughProxy(url, place), wanted, url);
});

test('links of a page are rewritten wherever the page is cut, and nothing else is touched', async () => {
  const page = (to: string) =>
    `<!DOCTYPE html><A class=x HREF="${to}/é">ä < 3 > 2</a><img alt='src="/no"' src='${to}/i.png'><form action=${to}/do>` +
    `<script src="${to}/s.js">if (a <b && '<a href="/stays">') {}</script><style>a::before{content:'<a href="/stays">'}</style>` +
    `<!-- <1 --><p title="a > b" data-href="/stays">href="/stays"</p><link href="https://elsewhere.example.com/x">`;
  for (const size of [1, 2, 3, 7, 64, 1000]) assert.equal(await passed(page(''), size), page(prefix), `by ${size}`);
});

test('a tag that does not end is passed on, not held', async () => {
  const stream = rewriteLinks(place);
  const open = `<a href="/x" ${'x'.repeat(8192)}`;
  stream.write(open);
  assert.equal(stream.read()?.toString(), open);
  stream.end('>');
  assert.equal(await text(stream), '>');
  assert.equal(await passed('<a href="/x'), '<a href="/x');
});
