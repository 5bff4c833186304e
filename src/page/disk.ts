import type { DiskOwner, DiskUsage } from "../core/actions/usage.ts";
import { formatBytes } from "../core/format.ts";
import { bar, swatch, type BarPart } from "./bar.ts";
import { commandBox } from "./layout.ts";
import { servicePath, type Look } from "./look.ts";
import { html, type Markup } from "./markup.ts";
import { table } from "./table.ts";
import { ago } from "./times.ts";

const names = {
  service: "services",
  shared: "shared by services",
  mypaas: "mypaas itself",
  others: "other containers",
} as const satisfies Readonly<Record<DiskOwner["whose"], string>>;

/** Who fills the disk: one bar for all of it, then each owner with what it has. */
export function diskView(look: Look, { at, owners, total, free }: DiskUsage): Markup {
  const known = sum(owners);
  const parts = [
    ...Object.entries(names).map(([whose, name], at) => ({
      name,
      colour: `p${at + 1}`,
      value: sum(owners.filter((one) => one.whose === whose)),
    })),
    { name: "everything else", colour: "off", value: Math.max(0, total - free - known) },
  ];
  const shown = parts.filter(({ value }) => value > 0);
  return html`<h1>
      Disk <span class="aside">${formatBytes(free)} of ${formatBytes(total)} free</span>
    </h1>
    <figure class="switch">
      ${bar(shown satisfies readonly BarPart[], total)}
      <ol class="legend">
        ${shown.map(({ name, colour, value }) => legend(name, colour, value))}
        ${legend("free", "ground", free)}
      </ol>
    </figure>
    <section>
      <h2>By owner</h2>
      ${ownersTable(look, owners)}
    </section>
    <p class="quiet">Measured ${ago(look, at)}.</p>
    ${commandBox(look.command("doctor"))}`;
}

const legend = (name: string, colour: string, value: number): Markup =>
  html`<li>${swatch(colour)} ${name} <span class="quiet">${formatBytes(value)}</span></li>`;

function ownersTable(look: Look, owners: readonly DiskOwner[]): Markup {
  const groups = [...Map.groupBy(owners, ({ owner, whose }) => `${whose} ${owner}`).values()]
    .map((own) => ({ own, bytes: sum(own) }))
    .toSorted((a, b) => b.bytes - a.bytes);
  const rows = groups.map(({ own, bytes }) => [
    nameOf(look, own[0]),
    html`${formatBytes(bytes)}`,
    html`${own
      .toSorted((a, b) => b.bytes - a.bytes)
      .map((one) => `${one.kind} ${formatBytes(one.bytes)}`)
      .join(" · ")}`,
  ]);
  return table("Disk by owner", ["Owner", "#Size", "Of it"], rows);
}

function nameOf(look: Look, one: DiskOwner | undefined): Markup {
  if (one === undefined) return html``;
  if (one.whose !== "service") return html`${names[one.whose]}`;
  return html`<a href="${servicePath(look, one.owner)}">${one.owner}</a>`;
}

const sum = (owners: readonly DiskOwner[]): number =>
  owners.reduce((bytes, one) => bytes + one.bytes, 0);
