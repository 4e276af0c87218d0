// Credentials out of a reply: a set of them, or an error. What was slept through is asked for once more.

import type { Credentials } from '../credentials/credentials.ts';
import type { Issued } from '../credentials/issued.ts';
import { ReplyProblem } from './sts-http.ts';

/** Read so late that what it brought had ended: the machine slept in between. */
class EndedReply extends ReplyProblem {}

/** Throws `ReplyProblem` for what is no credentials, or no more. */
export function credentialsOf(issued: Issued): Credentials {
  if (issued.kind === 'ok') return issued.credentials;
  throw issued.kind === 'ended' ? new EndedReply(issued.problem) : new ReplyProblem(issued.problem);
}

export function isSleptThrough(error: unknown): boolean {
  return error instanceof EndedReply;
}

/** Once more when its reply was slept through. */
export async function unlessSleptThrough<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (!isSleptThrough(error)) throw error;
    return await send();
  }
}
