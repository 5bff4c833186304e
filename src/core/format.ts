/** Formats bytes for people: `812 B`, `3.4 kB`, `12 MB` (powers of 1000). */
export function formatBytes(bytes: number): string {
  let value = bytes;
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (value < 999.5) return `${round(value, unit === "B")} ${unit}`;
    value /= 1000;
  }
  return `${round(value, false)} TB`;
}

/** Formats a count: `1 file`, `20 files`. */
export const formatFiles = (count: number): string => (count === 1 ? "1 file" : `${count} files`);

/** Formats the layers of an image: `3 layers, 12.4 MB`. */
export function formatLayers(layers: readonly { readonly size: number }[]): string {
  const bytes = layers.reduce((sum, { size }) => sum + size, 0);
  return `${layers.length === 1 ? "1 layer" : `${layers.length} layers`}, ${formatBytes(bytes)}`;
}

/** Formats a count: `1 request`, `412 requests`. */
export const formatRequests = (count: number): string =>
  count === 1 ? "1 request" : `${count} requests`;

/** Formats milliseconds for people: `85 ms`, `1.8 s`, `2 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${round(ms / 1000, false)} s`;
  const seconds = Math.round(ms / 1000);
  return seconds % 60 === 0
    ? `${seconds / 60} min`
    : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Formats an age in its largest unit: `5 s`, `12 min`, `3 h`, `8 d`; a negative age becomes `0 s`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

function round(value: number, whole: boolean): string {
  if (whole || value >= 99.95) return String(Math.round(value));
  return value.toFixed(1).replace(/\.0$/, "");
}

/** A list with a limit: `a, b, c and 4 more`. */
export function shortList(all: readonly string[], shown = 3): string {
  const more = all.length - shown;
  return more > 0 ? `${all.slice(0, shown).join(", ")} and ${more} more` : all.join(", ");
}
