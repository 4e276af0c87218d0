// The portal's lists, page by page.

import { Refused } from './identity-center-refused.ts';

export interface Assignment {
  readonly accountId: string;
  readonly name: string;
  readonly email: string;
  readonly roles: readonly string[];
}

export interface PortalPage {
  readonly token: string;
  /** What the double gives at most. */
  readonly size: number;
  readonly asked: string;
}

export function listPage<T>(
  all: readonly T[],
  { token, size, asked }: PortalPage,
): { readonly items: readonly T[]; readonly nextToken?: string } {
  const start = token === '' ? 0 : startOf(token);
  const wanted = asked === '' ? size : Number(asked);
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > 100)
    throw new Refused('InvalidRequestException', 'max_result is 1 to 100', 400);
  const end = start + Math.min(size, wanted);
  return { items: all.slice(start, end), ...(end < all.length ? { nextToken: `page-${end}` } : {}) };
}

function startOf(token: string): number {
  const start = /^page-(\d+)$/.exec(token)?.[1];
  if (start === undefined) throw new Refused('InvalidRequestException', 'Invalid next token', 400);
  return Number(start);
}
