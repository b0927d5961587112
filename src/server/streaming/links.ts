import { Transform } from 'node:stream';

/** Where the pages that are passed on are found: what their links have to begin with. */
export type Place = {
  /** Of the proxy request's URL, up to and with `/proxy`. */
  prefix: string;
  /** `HOST:PORT` of the backend and of the API server, as a page may name either. */
  hosts: string[];
};

/** A path on this host as seen through the proxy; what is relative, or of another host, stays. */
export function throughProxy(url: string, { prefix, hosts }: Place): string {
  const absolute = /^(?:https?:)?\/\/([^/?#]*)(.*)$/is.exec(url);
  if (absolute !== null && !hosts.includes(absolute[1]!.toLowerCase())) return url;
  const path = absolute === null ? url : absolute[2] || '/';
  return path.startsWith('/') && !path.startsWith(`${prefix}/`) ? prefix + path : url;
}

/** Any name that no host has. */
const backend = 'backend.invalid';

/**
 * The target of a redirection that answers `path`, as seen through the proxy. Resolved before, as clients do: `..` would
 * lead them out of it, and they would repeat there what they asked for, with their own rights.
 */
export function redirectedThroughProxy(location: string, path: string, place: Place): string {
  const url = URL.parse(location, `http://${backend}${path}`);
  if (url === null || ![backend, ...place.hosts].includes(url.host)) return location;
  return throughProxy(url.pathname + url.search + url.hash, place);
}

/** Attributes of HTML elements that hold one URL. */
const links =
  /(\s(?:action|background|cite|codebase|formaction|href|longdesc|manifest|poster|src|usemap)\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)/gi;

/** A longer tag is passed on as it is, so that a page cannot make the server hold it. */
const tagCharactersMax = 8192;

/** What stands in these elements is text, not tags, until their end. */
const ends = { script: /<\/script/gi, style: /<\/style/gi };
const endCharacters = '</script'.length;

/**
 * Rewrites the links of an HTML page while it passes, so that they work through the proxy
 * (https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/). All other bytes pass
 * unchanged, in whatever encoding that has ASCII within.
 */
export function rewriteLinks(place: Place): Transform {
  let held = '';
  let textEnd: RegExp | undefined;
  /** How far a tag that is not complete was looked through, and within which quotes that ended: it may come byte by byte. */
  let looked = 0;
  let quote = '';

  /** The `>` that ends the tag at `start`, which none within quotes does; -1 when it is not there yet. */
  function endOfTag(start: number): number {
    // Not a tag at all: a comparison, a comment.
    if (start + 1 < held.length && !/[a-z/]/i.test(held[start + 1]!)) return start;
    for (let index = Math.max(start + 1, looked); index < held.length; index++) {
      const character = held[index]!;
      if (quote !== '') {
        if (character === quote) quote = '';
      } else if (character === '>') return index;
      else if (character === '"' || character === "'") quote = character;
    }
    return -1;
  }

  /** The tag at `start` with its links rewritten. */
  function rewritten(tag: string): string {
    const name = /^<(script|style)[\s/>]/i.exec(tag)?.[1]?.toLowerCase();
    textEnd = name === undefined ? undefined : ends[name as keyof typeof ends];
    return tag.replace(links, (_, before: string, value: string) => {
      const quote = /^["']/.exec(value)?.[0] ?? '';
      const url = quote === '' ? value : value.slice(1, -1);
      return before + quote + throughProxy(url.trim(), place) + quote;
    });
  }

  /** What can be sent on of `held`; a tag that is not complete stays there. */
  function advance(): string {
    let done = '';
    let at = 0;
    for (;;) {
      const start = textEnd === undefined ? held.indexOf('<', at) : find(textEnd, held, at);
      if (start < 0) {
        // In a text, its end may have begun at the end of this piece.
        const rest = textEnd === undefined ? held.length : Math.max(held.length - endCharacters + 1, at);
        done += held.slice(at, rest);
        held = held.slice(rest);
        return done;
      }
      const end = endOfTag(start);
      done += held.slice(at, start);
      at = start;
      if (end < 0 && held.length - start <= tagCharactersMax) {
        held = held.slice(at);
        looked = held.length;
        return done;
      }
      looked = 0;
      quote = '';
      const next = end < 0 ? held.length : end + 1;
      done += end < 0 ? held.slice(start) : rewritten(held.slice(start, next));
      at = next;
    }
  }

  return new Transform({
    transform(chunk: Buffer, _, callback) {
      held += chunk.toString('latin1');
      callback(null, Buffer.from(advance(), 'latin1'));
    },
    flush(callback) {
      callback(null, Buffer.from(held, 'latin1'));
    },
  });
}

function find(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? -1;
}
