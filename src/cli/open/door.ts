import { Hono, type Context } from "hono";
import { readAtMost } from "../../adapters/files.ts";
import { UserError } from "../../core/errors.ts";
import { formatBytes } from "../../core/format.ts";
import { command, hint } from "../../core/hints.ts";
import { certificatesView } from "../../page/certificates.ts";
import { doctorView, problemsOf } from "../../page/doctor.ts";
import { diskView } from "../../page/disk.ts";
import { jobListView } from "../../page/job-list.ts";
import { jobView } from "../../page/jobs.ts";
import { layout, type Page } from "../../page/layout.ts";
import { keptLines, logView } from "../../page/log.ts";
import { jobPath, servicePath, type Look } from "../../page/look.ts";
import { problemView } from "../../page/problem.ts";
import { serviceView } from "../../page/service.ts";
import { servicesView } from "../../page/services.ts";
import { isSpan } from "../../page/traffic.ts";
import { failureOf } from "../main.ts";
import { formActions, isFormAction } from "./actions.ts";
import { headers, isSecret, refusal } from "./guard.ts";
import { liveEvents, liveLines } from "./live-lists.ts";
import { liveAnswer, type Batch } from "./live.ts";
import { jobsOfPage, type PageServer } from "./page-server.ts";

export interface DoorParts {
  readonly server: PageServer;
  /** In the path of every view. */
  readonly secret: string;
  /** Gives the path of the first view to one that opens the page; undefined when the ticket is not valid. */
  readonly useTicket: (ticket: string) => string | undefined;
  /** Name and port that the page is called by. */
  readonly host: () => string;
  readonly look: Omit<Look, "now" | "base" | "problems" | "silentMs">;
  readonly now: () => number;
  /** Files of the page by name. */
  readonly files: Readonly<Record<string, { readonly type: string; readonly text: string }>>;
  /** Called with each request that passed. */
  readonly onRequest: () => void;
  readonly onBug: (error: unknown) => void;
}

/** A server that is well says something every 2 s. */
const longSilenceMs = 12_000;
const maxFormBytes = 256 * 1024;
/** Without script, so many of the newest lines of a log. */
const firstLines = 500;

/** The page as a function from request to answer: it shows what the server says, and asks it for what forms want. */
export function createDoor(parts: DoorParts): (request: Request) => Promise<Response> {
  const { secret, host, server, files, onRequest } = parts;
  const base = `/${secret}/`;
  const app = new Hono({ strict: false });
  addViews(app, parts, base);
  addForms(app, parts, base);
  app.onError((error, context) => sayProblem(parts, base, context, error));
  app.notFound((context) => sayProblem(parts, base, context, noSuchPage(context.req.path)));
  return async (request) => {
    const { pathname } = new URL(request.url);
    const why = refusal(request, host());
    if (why !== undefined) return plain(403, why);
    const [, first = "", second = "", third] = pathname.split("/");
    if (first === "open" && third === undefined) {
      const path = parts.useTicket(second);
      return path === undefined ? plain(404, usedTicket) : goTo(base + path);
    }
    if (!isSecret(first, secret)) return plain(404, "not found");
    onRequest();
    const file = third === undefined ? files[second] : undefined;
    if (file !== undefined)
      return new Response(file.text, { headers: { ...headers, "content-type": file.type } });
    const url = new URL(request.url);
    url.pathname = pathname.slice(secret.length + 1) || "/";
    const answer = await app.fetch(new Request(url, request));
    for (const [name, value] of Object.entries(headers)) answer.headers.set(name, value);
    server.soonExamine();
    return answer;
  };
}

const usedTicket =
  "this link was used or is too old; open the page with the address that mypaas open printed";

function addViews(app: Hono, parts: DoorParts, base: string): void {
  const { server } = parts;
  const show = (page: Page, status = 200) => answerOf(parts, base, page, status);
  const lookNow = () => lookOf(parts, base);
  app.get("/", async () => {
    const body = servicesView(
      lookNow(),
      ...(await Promise.all([server.services(), server.metrics("1h")])),
    );
    return show({ title: "Services", view: "services", body, isLive: true });
  });
  app.get("/services/:service", async (context) => {
    const { service } = context.req.param();
    const asked = context.req.query("span") ?? "";
    const span = isSpan(asked) ? asked : "1h";
    const [one, releases, metrics] = await Promise.all([
      server.service(service),
      server.releases(service),
      server.metrics(span),
    ]);
    const body = serviceView(lookNow(), { service: one, releases, metrics, span });
    return show({ title: service, view: "services", body, isLive: true });
  });
  app.get("/services/:service/log", async (context) => {
    const name = context.req.param("service");
    const search = context.req.query("search") ?? "";
    const service = await server.service(name);
    const lines = await server.newestLines(name, search === "" ? firstLines : keptLines);
    const body = logView(lookNow(), { service, lines, search });
    return show({ title: `Log of ${name}`, view: "services", body, isLive: true });
  });
  app.get("/services/:service/log/live", (context) => {
    const { service } = context.req.param();
    return live(context, (signal) =>
      liveLines(server.followLines(service, keptLines, signal), service, lookNow),
    );
  });
  app.get("/jobs", async (context) => {
    const before = context.req.query("before");
    const jobs = await server.jobs(before === undefined ? undefined : wholeNumber(before));
    const body = jobListView(lookNow(), { jobs, hasMore: jobs.length === jobsOfPage });
    return show({ title: "Jobs", view: "jobs", body, isLive: true });
  });
  app.get("/jobs/:job", async (context) => {
    const job = numberOf(context);
    const [{ events, isOpen }, info, steps] = await Promise.all([
      server.job(job),
      server.jobInfo(job),
      server.jobSteps(job),
    ]);
    const body = jobView(lookNow(), { job, events, isOpen, info, steps });
    return show({ title: `Job ${job}`, view: "jobs", body, isLive: true });
  });
  app.get("/jobs/:job/live", async (context) => {
    const log = await server.job(numberOf(context));
    return live(context, () => liveEvents(log, lookNow));
  });
  app.get("/certificates", async () => {
    const body = certificatesView(lookNow(), await server.certificates());
    return show({ title: "Certificates", view: "certificates", body, isLive: true });
  });
  app.get("/disk", async () => {
    const body = diskView(lookNow(), await server.disk());
    return show({ title: "Disk", view: "disk", body, isLive: true });
  });
  app.get("/doctor", async () => {
    const body = doctorView(lookNow(), await server.doctor());
    return show({ title: "Doctor", view: "doctor", body, isLive: true });
  });
}

function addForms(app: Hono, { server }: DoorParts, base: string): void {
  app.post("/services/:service/:form", async (context) => {
    const { service, form } = context.req.param();
    if (!isFormAction(form)) return context.notFound();
    const job = await server.begin(formActions[form](service, await readForm(context)));
    const look = { base };
    return goTo(job === undefined ? servicePath(look, service) : jobPath(look, job));
  });
  app.post("/jobs/:job/cancel", async (context) => {
    const job = numberOf(context);
    await server.begin({ action: "cancel", job });
    return goTo(jobPath({ base }, job));
  });
}

async function readForm({ req }: Context): Promise<Readonly<Record<string, string>>> {
  if (req.raw.body === null) return {};
  const text = await readAtMost(req.raw.body, maxFormBytes, tooLong);
  return Object.fromEntries(new URLSearchParams(text.toString("utf8")));
}

const tooLong = (): UserError =>
  new UserError(`form: at most ${formatBytes(maxFormBytes)}`, {
    code: "too-large",
    hint: hint`send a large value from a file: ${command("env web set --from-file NAME=FILE")}`,
  });

/** A stream that ends with its reader. */
function live(context: Context, batches: (signal: AbortSignal) => AsyncGenerator<Batch>): Response {
  const ended = new AbortController();
  const signal = AbortSignal.any([context.req.raw.signal, ended.signal]);
  return liveAnswer(batches(signal), () => ended.abort());
}

const numberOf = ({ req }: Context): number => wholeNumber(req.param("job") ?? "");

function wholeNumber(word: string): number {
  if (/^[1-9]\d{0,8}$/.test(word)) return Number(word);
  throw noSuchPage(`job ${word}`);
}

const noSuchPage = (path: string): UserError =>
  new UserError(`${path}: no such page`, { code: "not-found" });

function lookOf({ look, now, server }: DoorParts, base: string): Look {
  const checks = server.lastChecks();
  const silentMs = server.silentFor();
  const isSilent = silentMs > longSilenceMs;
  return {
    ...look,
    base,
    now: now(),
    problems: checks && problemsOf(checks),
    silentMs: isSilent ? silentMs : undefined,
  };
}

function answerOf(parts: DoorParts, base: string, page: Page, status: number): Response {
  return new Response(layout(lookOf(parts, base), page), {
    status,
    headers: { ...headers, "content-type": "text/html; charset=utf-8", "mypaas-page": "1" },
  });
}

function sayProblem(parts: DoorParts, base: string, context: Context, error: unknown): Response {
  if (!(error instanceof UserError)) parts.onBug(error);
  const known =
    error instanceof UserError
      ? error
      : new UserError("bug in mypaas: the terminal of mypaas open shows it", { code: "bug" });
  const { kind: _, ...failure } = parts.server.hinted(failureOf(known));
  const body = problemView(lookOf(parts, base), failure);
  const status = known.code === "not-found" ? 404 : known.code === "bug" ? 500 : 400;
  return answerOf(
    parts,
    base,
    { title: "Problem", body, isLive: context.req.method === "GET" },
    status,
  );
}

const goTo = (location: string): Response =>
  new Response(null, { status: 303, headers: { ...headers, location } });

const plain = (status: number, text: string): Response =>
  new Response(`${text}\n`, {
    status,
    headers: { ...headers, "content-type": "text/plain; charset=utf-8" },
  });
