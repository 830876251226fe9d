export const HIDDEN = '***';
/** `user:password@` of a URL, and passwords among its parameters. */
export const credentials = /\/\/([^\s/?#@"',]*)@/g;
export const passwordParameter = /([?&](?:password|pass|token|sslpassword)=)[^&\s"']*/gi;

/** `nats://user:password@host` → `nats://user:***@host`; a lone token goes altogether. */
export function maskedUrl(text: string): string {
  return text
    .replace(credentials, (_all, who: string) => {
      const [user = '', ...rest] = who.split(':');
      return rest.length === 0 ? `//${HIDDEN}@` : `//${user}:${HIDDEN}@`;
    })
    .replace(passwordParameter, `$1${HIDDEN}`);
}
