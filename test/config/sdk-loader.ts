// What the JavaScript SDK's own loader makes of a config file. It is the copy that the SDK itself uses, found by way of the SDK.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type LoadedProfiles = Readonly<Record<string, unknown>>;

/** Profiles, and the sections of services and SSO sessions, by their names there. Each file is read anew. */
export async function loadWithSdk(texts: readonly string[]): Promise<readonly LoadedProfiles[]> {
  const { loadSharedConfigFiles } = findLoader();
  const directory = mkdtempSync(join(tmpdir(), 'rk-loader-'));
  try {
    return await Promise.all(
      texts.map(async (text, index) => {
        const configFilepath = join(directory, `config-${index}`);
        writeFileSync(configFilepath, text);
        const filepath = join(directory, 'none');
        return (await loadSharedConfigFiles({ configFilepath, filepath, ignoreCache: true })).configFile;
      }),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}

interface Loader {
  readonly loadSharedConfigFiles: (options: {
    readonly configFilepath: string;
    readonly filepath: string;
    readonly ignoreCache: boolean;
  }) => Promise<{ readonly configFile: LoadedProfiles }>;
}

function findLoader(): Loader {
  const sdk = createRequire(import.meta.url).resolve('@aws-sdk/credential-providers');
  const loader: Loader = createRequire(sdk)('@smithy/core/config');
  return loader;
}
