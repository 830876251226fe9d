/** An answer that is an error, with what the service says of it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const KEY = 'metad-token';

/** The operator's token; kept for this tab, gone when it closes. */
export const token = {
  get: (): string => sessionStorage.getItem(KEY) ?? '',
  set: (value: string): void => {
    if (value === '') sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, value);
  },
};

type Refusal = (error: ApiError) => void;
let onRefused: Refusal = () => undefined;

/** Called whenever the service asks who is there, or says that this may not be done. */
export function whenRefused(listener: Refusal): void {
  onRefused = listener;
}

/** The only way from the page to its node. Throws ApiError, or TypeError when nobody is there. */
export async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const held = token.get();
  if (held !== '') headers.set('Authorization', `Bearer ${held}`);
  const response = await fetch(path, { ...init, headers, cache: 'no-store' });
  if (response.ok) return response;
  const error = await errorOf(response);
  if (error.status === 401 || error.status === 403) onRefused(error);
  throw error;
}

export async function post<Reply>(path: string, body: object): Promise<Reply> {
  const response = await call(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as Reply;
}

export const query = <Reply>(namespace: string, name: string, body: object): Promise<Reply> =>
  post(`/api/v1/queries/${encodeURIComponent(namespace)}/${name}`, body);

export const act = <Reply>(node: string, noun: string, verb: string, body: object) =>
  post<Reply>(`/api/v1/admin/${encodeURIComponent(node)}/${noun}/${verb}`, body);

async function errorOf(response: Response): Promise<ApiError> {
  try {
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    // The service's own words are for programs: they name the header.
    const isAsking = response.status === 401 && token.get() === '';
    const message = isAsking ? 'this node wants a token' : error.message;
    return new ApiError(response.status, error.code, message);
  } catch {
    return new ApiError(response.status, 'HTTP', `the node answered ${response.status}`);
  }
}
