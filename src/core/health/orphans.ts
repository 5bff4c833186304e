import { label } from "../release/names.ts";
import { about, ok, warning, type Finding } from "./check.ts";
import type { Inventory, Known, SeenContainer, SeenThing } from "./inventory.ts";

/** Finds things with the label of this instance that the state does not know; one `ok` when there are none. */
export function judgeOrphans(all: Inventory, known: Known): readonly Finding[] {
  const found = [
    ...containers(all, known),
    ...images(all, known),
    ...volumes(all, known),
    ...networks(all, known),
  ];
  return found.length > 0 ? found : [ok("none")];
}

const ours = <T extends Pick<SeenThing, "labels">>(things: readonly T[], { instance }: Known) =>
  things.filter(({ labels }) => labels[label.instance] === instance);

const containers = (all: Inventory, known: Known): readonly Finding[] =>
  ours(all.containers, known).flatMap((one) => {
    const reason = orphanReason(one, known);
    if (reason === undefined) return [];
    const { name, state } = one;
    const hint = `if it is not needed, run: docker rm --force ${name}`;
    return [orphan("container", `${name}, ${state}: ${reason}`, hint)];
  });

function orphanReason({ labels }: SeenContainer, known: Known): string | undefined {
  const role = labels[label.role];
  const service = labels[label.service] ?? "";
  // Images carry the instance's label too, and pass it on to containers that were started by hand.
  if (role === undefined) return "started by hand from an image of mypaas";
  if (role === "look" && known.busy.size === 0) return "left by a deploy that was interrupted";
  if (role !== "service" || known.busy.has(service)) return undefined;
  if (!known.services.has(service)) return `service ${service} is not known`;
  const release = Number(labels[label.release]);
  const isServing = known.serving.some((one) => one.service === service && one.release === release);
  return isServing ? undefined : `release ${release} of ${service} is not live`;
}

function images(all: Inventory, known: Known): readonly Finding[] {
  const own = ours(all.images, known).filter(({ labels }) => {
    const service = labels[label.service];
    return service !== undefined && !known.busy.has(service);
  });
  const tagged = own.flatMap(({ tags }) => tags).filter((tag) => !known.images.has(tag));
  const bare = own.filter(({ tags }) => tags.length === 0).length;
  const found = tagged.map((tag) =>
    orphan("image", `${tag}: no release uses it`, `remove it: docker image rm ${tag}`),
  );
  if (bare === 0) return found;
  const facts = `${bare} without a tag, from builds that failed or were replaced`;
  const hint = `remove them: docker image prune --filter label=${label.instance}=${known.instance}`;
  return [...found, orphan("images", facts, hint)];
}

const volumes = (all: Inventory, known: Known): readonly Finding[] =>
  ours(all.volumes, known)
    .filter(({ labels }) => !known.services.has(labels[label.service] ?? ""))
    .map(({ name, labels }) => {
      const facts = `${name}: service ${labels[label.service] ?? "?"} is not known`;
      const hint = `if its data is not needed, run: docker volume rm ${name}`;
      return orphan("volume", facts, hint);
    });

const networks = (all: Inventory, known: Known): readonly Finding[] =>
  ours(all.networks, known)
    .filter(({ name }) => !known.networks.has(name))
    .map(({ name }) => {
      const facts = `${name}: not a network of this instance`;
      return orphan("network", facts, `remove it: docker network rm ${name}`);
    });

const orphan = (kind: string, facts: string, hint: string): Finding =>
  about(`orphan ${kind}`, warning(facts, hint));
