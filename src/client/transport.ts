/**
 * How a client reaches the API: over HTTPS, or in process through the same pipeline. Bodies are decoded JSON. Objects
 * that come from an in-process transport are shared and frozen: copy before you change one.
 */
export type Transport = {
  /** Resolves for every HTTP status; rejects only when no answer came. */
  send(request: TransportRequest): Promise<TransportResponse>;
  /**
   * One call per event line; resolves when the server ends the stream or the signal aborts, rejects when it breaks.
   * An answer that is no success rejects with its ApiError.
   */
  stream(request: TransportRequest, onEvent: (event: any) => void, signal: AbortSignal): Promise<void>;
  close(): void;
};

export type TransportRequest = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query, such as `/api/v1/namespaces/default/pods?limit=10`. */
  path: string;
  contentType?: string;
  /** Other than `application/json`: a shorter form of the answer. */
  accept?: string;
  body?: unknown;
  signal?: AbortSignal;
};

export type TransportResponse = { code: number; body: any; warnings: string[] };
