import { createInfra } from "../../src/adapters/engines/docker/infra.ts";
import { defaultTraefikImage } from "../../src/cli/init/options.ts";
import { dockerSocket } from "./docker.ts";
import { ensureNodeImage } from "./images.ts";
import { ensureTraefikBinary } from "./traefik.ts";

/** Traefik's own image where a registry can be reached, else an official binary of the same version. */
export async function findTraefik(): Promise<
  readonly ["--traefik-image" | "--traefik-binary", string]
> {
  if (await canPull(defaultTraefikImage)) return ["--traefik-image", defaultTraefikImage];
  console.log(`${defaultTraefikImage} cannot be pulled here, so Traefik comes as a program`);
  return ["--traefik-binary", await ensureTraefikBinary()];
}

/** The image itself where a registry can be reached, else a bare one around the Node that runs this. */
export async function findBaseImage(reference: string): Promise<string> {
  if (await canPull(reference)) return reference;
  console.log(
    `${reference} cannot be pulled here, so the example is built on the Node of this machine`,
  );
  return ensureNodeImage();
}

async function canPull(reference: string): Promise<boolean> {
  const infra = createInfra({ instance: "mypaas-demo", socketPath: dockerSocket });
  if ((await infra.inspectImage(reference)) !== undefined) return true;
  console.log(`pulling ${reference} …`);
  try {
    await infra.pullImage(reference, () => undefined);
    return true;
  } catch {
    return false;
  }
}
