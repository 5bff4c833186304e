import type { Event } from "./wire/events.ts";

/** Shorter values, such as `true` or `8080`, are not hidden, because they occur in ordinary text. */
const minSecretLength = 8;
const mask = "***";

export type Redact = (text: string) => string;

/** Returns a function that replaces each secret in a text by `***`, overlapping secrets by one; its time is linear in the text. */
export function redactor(secrets: readonly string[]): Redact {
  const patterns = patternsOf(secrets);
  if (patterns.length === 0) return (text) => text;
  const root = buildAutomaton(patterns);
  return (text) => replaceSpans(text, findSpans(text, root));
}

/** Applies `redact` to every text of an event except its kind. */
export function redactEvent(event: Event, redact: Redact): Event {
  const { kind, ...texts } = event;
  const hidden = Object.entries(texts).map(([name, value]) => [name, redactValue(value, redact)]);
  return { kind, ...Object.fromEntries(hidden) } as Event;
}

function redactValue(value: unknown, redact: Redact): unknown {
  if (typeof value === "string") return redact(value);
  return Array.isArray(value) ? value.map((item: unknown) => redactValue(item, redact)) : value;
}

/** Logs show a value of several lines line by line, so each line counts as a secret too. */
function patternsOf(secrets: readonly string[]): readonly string[] {
  const all = secrets.flatMap((secret) => [secret, ...secret.split(/\r?\n/)]);
  return [...new Set(all)].filter((value) => value.length >= minSecretLength);
}

/** Aho-Corasick over UTF-16 units: `longest` is the length of the longest pattern that ends here. */
interface Node {
  readonly next: Map<number, Node>;
  fail: Node | undefined;
  longest: number;
}

function buildAutomaton(patterns: readonly string[]): Node {
  const root = newNode();
  for (const pattern of patterns) insert(root, pattern);
  const queue = [...root.next.values()];
  for (const node of queue) node.fail = root;
  for (const node of queue)
    for (const [unit, child] of node.next) {
      child.fail = step(node.fail ?? root, unit, root);
      child.longest = Math.max(child.longest, child.fail.longest);
      queue.push(child);
    }
  return root;
}

const newNode = (): Node => ({ next: new Map(), fail: undefined, longest: 0 });

function insert(root: Node, pattern: string): void {
  let node = root;
  for (let index = 0; index < pattern.length; index += 1) {
    const unit = pattern.charCodeAt(index);
    const child = node.next.get(unit) ?? newNode();
    node.next.set(unit, child);
    node = child;
  }
  node.longest = pattern.length;
}

function step(from: Node, unit: number, root: Node): Node {
  for (let node: Node | undefined = from; node !== undefined; node = node.fail) {
    const child = node.next.get(unit);
    if (child !== undefined) return child;
  }
  return root;
}

type Span = { start: number; end: number };

function findSpans(text: string, root: Node): readonly Span[] {
  const spans: Span[] = [];
  let node = root;
  for (let index = 0; index < text.length; index += 1) {
    node = step(node, text.charCodeAt(index), root);
    if (node.longest > 0) pushSpan(spans, { start: index + 1 - node.longest, end: index + 1 });
  }
  return spans;
}

/** Ends only grow, so a span can overlap several earlier ones. */
function pushSpan(spans: Span[], span: Span): void {
  let { start } = span;
  for (let last = spans.at(-1); last !== undefined && last.end > start; last = spans.at(-1)) {
    start = Math.min(start, last.start);
    spans.pop();
  }
  spans.push({ start, end: span.end });
}

function replaceSpans(text: string, spans: readonly Span[]): string {
  let result = "";
  let from = 0;
  for (const { start, end } of spans) {
    result += text.slice(from, start) + mask;
    from = end;
  }
  return result + text.slice(from);
}
