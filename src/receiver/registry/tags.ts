import { RegistryRefusal } from "../../core/registry/refusal.ts";
import type { Asked } from "./asked.ts";

/** The tags that were pushed lately, in pages. */
export async function listTags({ url, name, repository }: Asked): Promise<Response> {
  const all = await repository.tags();
  if (all.length === 0)
    throw new RegistryRefusal(`repository ${name}: no tag was pushed in the last hour`, {
      status: 404,
      code: "NAME_UNKNOWN",
    });
  const last = url.searchParams.get("last") ?? "";
  const asked = url.searchParams.get("n");
  const limit = asked !== null && /^\d{1,6}$/.test(asked) ? Number(asked) : all.length;
  const rest = all.filter((tag) => tag > last);
  const tags = rest.slice(0, limit);
  const next = tags.length < rest.length ? tags.at(-1) : undefined;
  const link =
    next === undefined
      ? {}
      : { link: `</v2/${name}/tags/list?n=${limit}&last=${next}>; rel="next"` };
  return Response.json({ name, tags }, { headers: link });
}
