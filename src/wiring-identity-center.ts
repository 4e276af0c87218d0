// Builds what IAM Identity Center needs of the outside. Loaded only where a profile starts from there.

import type { IdentityCenter } from './ports/identity-center.ts';
import type { RefreshPorts } from './refresh/refresh-one.ts';
import { createSignIns } from './refresh/sign-ins.ts';
import { type CachePlace, createForeignSignIns } from './system/aws-sso-cache.ts';
import { createPortal } from './system/portal.ts';
import { createSignInService } from './system/sign-in-service.ts';

export function openIdentityCenter(ports: RefreshPorts, place: CachePlace): IdentityCenter {
  const { clock } = ports;
  const service = createSignInService({ clock });
  return {
    service,
    portal: createPortal({ clock }),
    signIns: createSignIns({ ...ports, service, foreign: createForeignSignIns(place, clock) }),
  };
}
