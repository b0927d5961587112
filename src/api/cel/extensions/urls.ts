import { type CelFunc, library } from '../library.ts';
import { type Toolkit, textOf } from '../toolkit.ts';

type Parts = { scheme: string; host: string; hostname: string; port: string; path: string; query: string };

/** RFC 3986, appendix B, of an absolute URI or an absolute path: what Go's url.ParseRequestURI takes. */
const form =
  /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/(?:[^/?#@\s]*@)?(\[[0-9A-Fa-f:.%]+\]|[^/?#:[\]\s]*)(?::(\d{0,5}))?(?=[/?]|$))?([^?]*)(?:\?(.*))?$/s;

/** Undefined when it is none. One without slashes, as `mailto:a@b`, has nothing but its scheme. */
function partsOf(text: string): Parts | undefined {
  const found = form.exec(text);
  if (found === null || /\p{Cc}|%(?![0-9A-Fa-f]{2})/u.test(text.split('?')[0]!)) return undefined;
  const [, scheme = '', name, port = '', path = '', query = ''] = found;
  const isAuthority = name !== undefined;
  if (scheme === '' ? isAuthority || !path.startsWith('/') : !isAuthority && path.startsWith('//')) return undefined;
  if (isAuthority && path !== '' && !path.startsWith('/')) return undefined;
  const isOpaque = name === undefined && !path.startsWith('/');
  const hostname = (name ?? '').replace(/^\[|\]$/g, '');
  const host = found[3] === undefined ? (name ?? '') : `${name}:${port}`;
  return { scheme: scheme.toLowerCase(), host, hostname, port, path: isOpaque ? '' : path, query };
}

/** Why a text is no absolute URI; undefined when it is one. */
export const uriProblem = (text: string): string | undefined =>
  partsOf(text) === undefined
    ? `parse ${JSON.stringify(text.slice(0, 64))}: ${text === '' ? 'empty url' : 'invalid URI for request'}`
    : undefined;

/** Source: k8s.io/apiserver/pkg/cel/library/urls.go. */
export function urls({ func, method, make, types: { URL, STRING, BOOL, MAP } }: Toolkit): CelFunc[] {
  const part = (name: string, key: keyof Parts) => method(URL, name, [], STRING, (self) => partsOf(textOf(self))![key]);
  return [
    func('isURL', [STRING], BOOL, (text: string) => partsOf(text) !== undefined),
    func('url', [STRING], URL, (text: string) => {
      if (partsOf(text) === undefined)
        throw new Error(`URL parse error during conversion from string: ${uriProblem(text)}`);
      return make('URL', text);
    }),
    part('getScheme', 'scheme'),
    part('getHost', 'host'),
    part('getHostname', 'hostname'),
    part('getPort', 'port'),
    method(URL, 'getEscapedPath', [], STRING, (self) => escapedPath(partsOf(textOf(self))!.path)),
    method(URL, 'getQuery', [], MAP, (self) => queryOf(partsOf(textOf(self))!.query)),
  ];
}

/** As it is written, if every character may stand there; else every other one is escaped. */
function escapedPath(path: string): string {
  if (/^[A-Za-z0-9\-_.~$&+,/:;=@!'()*[\]%]*$/.test(path)) return path;
  const plain = decodeURIComponent(path);
  return encodeURIComponent(plain)
    .replace(/%(?:24|26|2B|2C|2F|3A|3B|3D|40)/g, decodeURIComponent)
    .replace(/[!'()*]/g, escaped);
}

const escaped = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

function queryOf(query: string): unknown {
  const { celList, celMap } = library.cel;
  const values = new Map<string, string[]>();
  for (const [key, value] of new URLSearchParams(query)) {
    const list = values.get(key);
    if (list === undefined) values.set(key, [value]);
    else list.push(value);
  }
  return celMap(new Map([...values].map(([key, list]) => [key, celList(list)])));
}
