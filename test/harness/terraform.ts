// A Terraform project in the world's HOME, its state in an S3 that is not AWS's. No provider, so that nothing is downloaded.

import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findTerraform } from './programs.ts';
import type { Ran, World } from './world.ts';

export interface TerraformProject {
  readonly run: (...args: readonly string[]) => Promise<Ran>;
  /** `terraform init` with the profile's credentials. */
  readonly init: (profile: string) => Promise<Ran>;
}

export interface Endpoints {
  readonly s3: string;
  readonly sts: string;
}

/** `name` is the directory: each project has its own. */
export function createTerraformProject(name: string, { s3, sts }: Endpoints, world: World): TerraformProject {
  const directory = join(world.home, name);
  mkdirSync(directory);
  cpSync(new URL('../clients/terraform/main.tf', import.meta.url), join(directory, 'main.tf'));
  const terraform = findTerraform();
  const env = { CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1', TF_CLI_ARGS: '-no-color' };
  const run = (...args: readonly string[]) => world.run(terraform, args, { cwd: directory, env });
  const init = (profile: string) =>
    run('init', '-input=false', `-backend-config=profile=${profile}`, `-backend-config=endpoints={s3="${s3}",sts="${sts}"}`);
  return { run, init };
}
