import { type CelFunc, library } from '../library.ts';
import { type Toolkit, textOf } from '../toolkit.ts';

type Parts = { scheme: string; host: string; hostname: string; port: string; path: string; query: string };

/** RFC 3986, appendix B, of an absolute URI or an absolute path: what Go's url.ParseRequestURI takes. */
const form =
  /^(?:([A-Za-z][A-Za-z0-9+.-]*):\/\/(?:[^/?#@]*@)?(\[[0-9A-Fa-f:.%]+\]|[^/?#:[\]]*)(?::(\d{0,5}))?(?=[/?]|$))?([^?\s]*)(?:\?(\S*))?$/;

function partsOf(text: string): Parts | undefined {
  const found = form.exec(text);
  if (found === null || /[\s\p{Cc}]|%(?![0-9A-Fa-f]{2})/u.test(text)) return undefined;
  const [, scheme = '', name = '', port = '', path = '', query = ''] = found;
  if (scheme === '' && !path.startsWith('/')) return undefined;
  const host = found[3] === undefined ? name : `${name}:${port}`;
  return { scheme: scheme.toLowerCase(), host, hostname: name.replace(/^\[|\]$/g, ''), port, path, query };
}

export const isAbsoluteUri = (text: string): boolean => partsOf(text) !== undefined;

/** Source: k8s.io/apiserver/pkg/cel/library/urls.go. */
export function urls({ func, method, make, types: { URL, STRING, BOOL, MAP } }: Toolkit): CelFunc[] {
  const part = (name: string, key: keyof Parts) => method(URL, name, [], STRING, (self) => partsOf(textOf(self))![key]);
  return [
    func('isURL', [STRING], BOOL, (text: string) => partsOf(text) !== undefined),
    func('url', [STRING], URL, (text: string) => {
      if (partsOf(text) === undefined) throw new Error(`URL parse error of ${JSON.stringify(text.slice(0, 64))}`);
      return make('URL', text);
    }),
    part('getScheme', 'scheme'),
    part('getHost', 'host'),
    part('getHostname', 'hostname'),
    part('getPort', 'port'),
    method(URL, 'getEscapedPath', [], STRING, (self) => encodeURI(decodePath(partsOf(textOf(self))!.path))),
    method(URL, 'getQuery', [], MAP, (self) => queryOf(partsOf(textOf(self))!.query)),
  ];
}

function decodePath(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

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
