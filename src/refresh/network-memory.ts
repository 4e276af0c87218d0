// The network settings of the caller that last asked, kept with the credentials: a background refresh has no such environment (decisions.md 16).

import type { Credentials } from '../credentials/credentials.ts';
import { Secret } from '../credentials/secret.ts';
import type { Network } from '../ports/sts.ts';

export function networkToKeep({ caBundle, httpsProxy, noProxy }: Network): Readonly<Record<string, Secret>> {
  return {
    ...(caBundle === undefined ? {} : { caBundle: new Secret(caBundle) }),
    ...(httpsProxy === undefined ? {} : { httpsProxy }),
    ...(noProxy === undefined ? {} : { noProxy: new Secret(noProxy) }),
  };
}

export function recalledNetwork(credentials: Credentials | undefined): Network {
  const { caBundle, httpsProxy, noProxy } = credentials?.network ?? {};
  return {
    ...(caBundle === undefined ? {} : { caBundle: caBundle.reveal() }),
    ...(httpsProxy === undefined ? {} : { httpsProxy }),
    ...(noProxy === undefined ? {} : { noProxy: noProxy.reveal() }),
  };
}
