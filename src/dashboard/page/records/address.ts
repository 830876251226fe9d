const part = encodeURIComponent;

/** Where the page shows a record. */
export const recordAddress = (kind: string, namespace: string, id: string): string =>
  `#/records/${part(kind)}/${part(namespace)}/${part(id)}`;
