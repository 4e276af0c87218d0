// How the double says no, in AWS's own words.

/** An error reply of STS. */
export class Refusal extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status: number) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.status = status;
  }
}

export function accessDenied(message: string): Refusal {
  return new Refusal('AccessDenied', message, 403);
}

export function invalid(message: string): Refusal {
  return new Refusal('ValidationError', message, 400);
}
