// A refusal of IAM Identity Center, in the form that it is sent in.

export class Refused extends Error {
  readonly code: string;
  readonly status: number;
  /** The portal has a message; the sign-in service speaks OAuth (RFC 6749, 5.2). */
  readonly document: Readonly<Record<string, string>>;

  constructor(code: string, message: string, status: number, oauth?: string) {
    super(message);
    this.code = code;
    this.status = status;
    this.document = oauth === undefined ? { message } : { error: oauth, error_description: message };
  }
}

/** As the sign-in service refuses: `InvalidGrantException` is `invalid_grant`. */
export function refusedSignIn(code: string, message: string): Refused {
  const oauth = code
    .replace(/Exception$/, '')
    .replace(/[A-Z]/g, (letter, at: number) => `${at === 0 ? '' : '_'}${letter.toLowerCase()}`);
  return new Refused(code, message, code === 'InvalidClientException' ? 401 : 400, oauth);
}
