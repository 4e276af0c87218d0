import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/credentials/secret.ts';
import { networkToKeep, recalledNetwork } from '../../src/refresh/network-memory.ts';

const credentials = { accessKeyId: 'A', secretAccessKey: new Secret('s'), issuedAt: 1, expiresAt: 2 };
const network = { caBundle: '/ca.pem', httpsProxy: new Secret('http://user:pw@proxy'), noProxy: 'localhost' };

describe('the network of the last caller', () => {
  it('comes back as it was kept', () => {
    const recalled = recalledNetwork({ ...credentials, network: networkToKeep(network) });
    expect({ ...recalled, httpsProxy: recalled.httpsProxy?.reveal() }).toEqual({
      caBundle: '/ca.pem',
      httpsProxy: 'http://user:pw@proxy',
      noProxy: 'localhost',
    });
  });

  it('is nothing where there was none', () => {
    expect(networkToKeep({})).toStrictEqual({});
    expect(recalledNetwork({ ...credentials, network: {} })).toStrictEqual({});
    expect(recalledNetwork(credentials)).toStrictEqual({});
    expect(recalledNetwork(undefined)).toStrictEqual({});
  });
});
