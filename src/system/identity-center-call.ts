// One call to IAM Identity Center: a deadline over all of it, and one of our errors for whatever goes wrong.

import { explainIdentityCenterRefusal } from '../credentials/identity-center-refusal.ts';
import type { Secret } from '../credentials/secret.ts';
import type { IdentityCenterCall, PortalRole } from '../ports/identity-center.ts';
import type { ServiceEndpoint } from '../ports/sts.ts';
import type { Clock } from '../ports/time.ts';
import { learner, withinDeadline } from './aws-call.ts';
import { unsignedSettings, withoutNodeWarning } from './aws-client-settings.ts';
import { failureOf } from './sts-failure.ts';

export interface IdentityCenterOptions {
  readonly clock: Clock;
  /** Over a whole call, its further tries included. 10 s when absent. */
  readonly deadlineMs?: number;
}

interface Errand {
  readonly operation: string;
  readonly endpoint: ServiceEndpoint;
  readonly call: IdentityCenterCall;
  readonly role?: PortalRole;
  /** The secrets in the request. */
  readonly sent: readonly Secret[];
}

export type ClientSettings = ReturnType<typeof unsignedSettings>;

/** What the clients of the SDK have in common, as far as it is used here. */
interface Client {
  readonly middlewareStack: { remove(name: string): boolean };
  destroy(): void;
}

export interface Errands {
  /** Opens a client for this one call. */
  run<C extends Client, T>(
    errand: Errand,
    construct: (settings: ClientSettings) => C,
    send: (client: C) => Promise<T>,
  ): Promise<T>;
}

export function createErrands({ clock, deadlineMs = 10_000 }: IdentityCenterOptions): Errands {
  return {
    run: ({ operation, endpoint, call, role, sent }, construct, send) =>
      withinDeadline(
        { deadlineMs, signal: call.signal, endpoint: endpoint.url ?? `IAM Identity Center in ${endpoint.region}` },
        async (exchange) => {
          const { network } = call;
          const settings = unsignedSettings(endpoint, {
            network,
            learn: learner(clock),
            service: 'IAM Identity Center',
            language: 'json',
            ...exchange,
          });
          const client = withoutNodeWarning(() => construct(settings));
          // It would read AWS Lambda's environment variables.
          client.middlewareStack.remove('recursionDetectionMiddleware');
          try {
            return await send(client);
          } finally {
            client.destroy();
          }
        },
        (error, ended) =>
          failureOf(error, { operation, sent, signal: call.signal, ...ended }, (refusal) =>
            explainIdentityCenterRefusal({
              operation,
              ...refusal,
              ...(role === undefined ? {} : { role }),
              context: call.context,
            }),
          ),
      ),
  };
}
