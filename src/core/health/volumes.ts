import { volumeLines, waysOut } from "../release/declared-volumes.ts";
import { label } from "../release/names.ts";
import { shortList } from "../format.ts";
import { about, ok, warning, type Finding } from "./check.ts";
import type { Inventory, Known } from "./inventory.ts";

/** Names each service that keeps data which its Dockerfile does not name, and the line that names it. */
export function judgeVolumes(all: Inventory, known: Known): readonly Finding[] {
  const found = known.serving
    .filter(({ service }) => !known.busy.has(service))
    .flatMap(({ service, release, carried, volumes }) => {
      const seen = all.containers
        .filter(
          ({ labels }) =>
            labels[label.instance] === known.instance &&
            labels[label.service] === service &&
            Number(labels[label.release]) === release,
        )
        .flatMap(({ anonymous }) => anonymous);
      const data = Map.groupBy([...carried, ...seen], ({ target }) => target);
      return volumeLines([...data.keys()].toSorted(), volumes).map((lines) => {
        const names = [...new Set((data.get(lines.path) ?? []).map(({ name }) => name))];
        const facts = `${lines.path} has no mypaas.volume; its data is in the volume ${shortList(names)}`;
        const what = `in its Dockerfile, ${waysOut(lines)}`;
        return about(`data of ${service}`, warning(facts, what));
      });
    });
  return found.length > 0 ? found : [ok("every volume has a name")];
}
