/** The broker cannot be reached, or turned us away. Nothing was sent. */
export class CannotConnect extends Error {
  override readonly name = 'CannotConnect';
}

/** Nobody serves this subject: NATS says so at once. Nothing was delivered. */
export class NobodyAnswers extends Error {
  override readonly name = 'NobodyAnswers';
}

/** No answer in time: what was asked may or may not have happened. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** The broker's permissions forbid this subject. */
export class NotPermitted extends Error {
  override readonly name = 'NotPermitted';
}
