import type { Infra } from "../../adapters/engines/docker/infra.ts";
import type { InfraPlan } from "../../core/server/infra.ts";
import { didOf, type Done, type Report } from "./report.ts";

/** Makes a new container where the old one cannot be started, for example because its network was replaced. */
export async function ensureContainer(
  infra: Infra,
  plan: InfraPlan,
  report: Report,
): Promise<Done> {
  const outcome = await infra.ensureContainer(plan).catch(async () => {
    await infra.removeContainer(plan.name);
    return infra.ensureContainer(plan);
  });
  return report.done(`container ${plan.name}`, didOf(outcome));
}
