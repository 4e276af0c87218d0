// Services on this machine's own link, such as instance metadata. Types only.

import type { Secret } from '../credentials/secret.ts';

export interface LinkRequest {
  readonly url: string;
  readonly method: 'GET' | 'PUT';
  readonly headers: Readonly<Record<string, string | Secret>>;
  readonly signal?: AbortSignal;
}

export type LinkReply =
  | { readonly kind: 'reply'; readonly status: number; readonly body: string }
  /** None, or none that is an answer; in words. */
  | { readonly kind: 'problem'; readonly problem: string };
