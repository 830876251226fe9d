/**
 * The grammar of NATS subjects: tokens between dots, none empty, no white space. In a subscription
 * `*` stands for one token and a last `>` for one or more.
 */
export function isSubscribable(subject: string): boolean {
  const tokens = subject.split('.');
  return tokens.every(
    (token, at) => token !== '' && !/\s/.test(token) && (token !== '>' || at === tokens.length - 1),
  );
}

/** A subject that names exactly one place: what PUB should carry. */
export function isLiteral(subject: string): boolean {
  return isSubscribable(subject) && !/(^|\.)[*>](\.|$)/.test(subject);
}

/** Whether a subscription's subject covers a published one. For single checks; not the hot path. */
export function covers(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.');
  const given = subject.split('.');
  for (let at = 0; at < wanted.length; at += 1) {
    if (wanted[at] === '>') return given.length > at;
    if (at >= given.length) return false;
    if (wanted[at] !== '*' && wanted[at] !== given[at]) return false;
  }
  return wanted.length === given.length;
}
