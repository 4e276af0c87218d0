// What can go wrong on the way to AWS, on request: each fault says what becomes of one call's reply.

import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { IamOperationName } from './iam-double.ts';
import type { OperationName } from './sts-double-operations.ts';
import { refusalXml } from './sts-double-xml.ts';

/** Plain data, so that another process can ask for it too. */
export type Fault = FaultKind & {
  /** Every operation when absent. */
  readonly operation?: OperationName | IamOperationName;
  /** How many calls it hits; all of them, until cleared, when absent. */
  readonly times?: number;
};

export type FaultKind =
  /** Any error of AWS; status 400 when absent. The call is not performed. */
  | { readonly kind: 'error'; readonly code: string; readonly message?: string; readonly status?: number }
  | { readonly kind: 'throttle' }
  | { readonly kind: 'unavailable'; readonly status: 500 | 503 }
  /** A web page in place of a reply, as a captive portal sends it; status 200 when absent. */
  | { readonly kind: 'html'; readonly status?: number }
  | { readonly kind: 'garbage' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'redirect'; readonly location: string }
  /** No answer, ever. */
  | { readonly kind: 'hang' }
  /** A reply without end, as fast as it can be sent. */
  | { readonly kind: 'flood' }
  /** A reply without end, a byte at a time. */
  | { readonly kind: 'drip' }
  /** The call is performed after this time. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** The call is performed, and the connection breaks in the middle of its reply. */
  | { readonly kind: 'reset' }
  /** The call is performed; what stands before it has given up waiting by then. */
  | { readonly kind: 'gateway-timeout' }
  /** The call is performed; half of its reply arrives, as if that were all. */
  | { readonly kind: 'truncated' }
  /** The call is performed; in its reply, one piece of text is replaced. */
  | { readonly kind: 'edit'; readonly from: string; readonly to: string };

export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
}

/** The faults that are asked for, in order; the first that fits a call is used up by it. */
export interface FaultList {
  add(fault: Fault): void;
  clear(): void;
  take(operation: OperationName | IamOperationName | undefined): FaultKind | undefined;
}

export function createFaultList(): FaultList {
  let pending: { readonly fault: Fault; left: number }[] = [];
  return {
    add: (fault) => {
      pending.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
    },
    clear: () => {
      pending = [];
    },
    take: (operation) => {
      const next = pending.find(
        ({ fault, left }) => left > 0 && (fault.operation === undefined || fault.operation === operation),
      );
      if (next !== undefined) next.left -= 1;
      return next?.fault;
    },
  };
}

/** Sends what the fault makes of the call. `performCall` does the call itself, for the faults that come after it. */
export async function sendWithFault(
  fault: FaultKind | undefined,
  { response, performCall, stopped }: { response: ServerResponse; performCall: () => Promise<Reply>; stopped: AbortSignal },
): Promise<void> {
  if (fault?.kind === 'slow') await delay(fault.ms, undefined, { signal: stopped });
  const reply = replyInPlace(fault) ?? (await performCall());
  switch (fault?.kind) {
    case 'hang':
      return;
    case 'flood':
      return flood(response);
    case 'drip':
      return drip(response, stopped);
    case 'reset':
      response.writeHead(reply.status, { 'content-length': Buffer.byteLength(reply.body) });
      response.write(half(reply.body), () => response.destroy());
      return;
    case 'gateway-timeout':
      return send(response, { status: 504, body: page, contentType: 'text/html' });
    case 'truncated':
      return send(response, { ...reply, body: half(reply.body) });
    case 'edit':
      return send(response, { ...reply, body: reply.body.replaceAll(fault.from, fault.to) });
    case 'redirect':
      response.setHeader('location', fault.location);
      return send(response, reply);
    default:
      return send(response, reply);
  }
}

// The faults under which AWS never sees the call.
function replyInPlace(fault: FaultKind | undefined): Reply | undefined {
  switch (fault?.kind) {
    case 'error':
      return refusal(fault.code, fault.message ?? '', fault.status ?? 400);
    case 'throttle':
      return refusal('Throttling', 'Rate exceeded', 400);
    case 'unavailable':
      return fault.status === 500
        ? refusal('InternalFailure', 'The request processing has failed because of an unknown error.', 500)
        : refusal('ServiceUnavailable', 'The service is unavailable. Please try again shortly.', 503);
    case 'html':
      return { status: fault.status ?? 200, body: page, contentType: 'text/html' };
    case 'garbage':
      return { status: 200, body: '\u0000\u0001 not <xml at all & never was', contentType: 'text/xml' };
    case 'redirect':
      return { status: 302, body: '' };
    case 'empty':
    case 'hang':
    case 'flood':
    case 'drip':
      return { status: 200, body: '' };
    default:
      return undefined;
  }
}

const page =
  '<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body><p>Please sign in to the <b>guest network</b>.<br></body></html>\n';

function refusal(code: string, message: string, status: number): Reply {
  return { status, body: refusalXml({ code, message, status }) };
}

function half(body: string): string {
  return body.slice(0, Math.floor(body.length / 2));
}

function send(response: ServerResponse, { status, body, contentType = 'text/xml' }: Reply): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function flood(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/xml' });
  const chunk = `<x>${'x'.repeat(65_536)}</x>`;
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}

async function drip(response: ServerResponse, stopped: AbortSignal): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/xml' });
  while (!response.destroyed) {
    response.write('<');
    await delay(50, undefined, { signal: stopped });
  }
}
