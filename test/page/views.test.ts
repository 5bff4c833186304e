import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { PsService } from "../../src/core/actions/watch.ts";
import { certificatesView } from "../../src/page/certificates.ts";
import { doctorView, problemsOf } from "../../src/page/doctor.ts";
import { diskView } from "../../src/page/disk.ts";
import { hintLine } from "../../src/page/hint.ts";
import { jobListView } from "../../src/page/job-list.ts";
import { jobView } from "../../src/page/jobs.ts";
import { layout } from "../../src/page/layout.ts";
import { logView } from "../../src/page/log.ts";
import type { Look } from "../../src/page/look.ts";
import { textOf, type Markup } from "../../src/page/markup.ts";
import { problemView } from "../../src/page/problem.ts";
import { receiptText, serviceView } from "../../src/page/service.ts";
import { servicesView } from "../../src/page/services.ts";
import { clockText } from "../../src/page/times.ts";

const now = Date.UTC(2026, 10, 28, 12);
const look: Look = {
  server: "prod",
  base: "/secret/",
  now,
  zone: "Europe/Berlin",
  command: (...words) => ["mypaas", ...words, "-r prod"].filter(Boolean).join(" "),
};
const web: PsService = {
  service: "web",
  release: 2,
  state: "live",
  routes: ["https://web.example.com/"],
  wanted: 2,
  replicas: [
    {
      replica: 1,
      release: 2,
      state: "running",
      restarts: 0,
      upMs: 60_000,
      cpu: 0.25,
      memoryBytes: 1e6,
    },
    {
      replica: 2,
      release: 2,
      state: "running",
      restarts: 3,
      upMs: 61_000,
      cpu: 0.5,
      memoryBytes: 2e6,
    },
    { replica: 1, release: 3, state: "running", restarts: 0, upMs: 1000 },
  ],
  job: { job: 7, action: "push", state: "running", at: now - 5000 },
};
const release = {
  service: "web",
  release: 2,
  state: "live",
  created: now - 3_600_000,
  by: "ana",
  image: "sha256:ab",
  canRollBack: false,
  receipt: { ms: 1800, requests: 412, failed: 0 },
} as const;
const retired = { ...release, release: 1, state: "retired", canRollBack: true } as const;

/** As somebody reads it: without marks, spaces as one. */
const read = (markup: Markup | string): string =>
  (typeof markup === "string" ? markup : textOf(markup))
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll("&#39;", "'")
    .replaceAll(/\s+/g, " ")
    .trim();

test("services are shown with what runs, and how the last job ended", () => {
  const text = read(servicesView(look, { kind: "services", at: now, services: [web] }));
  assert.equal(
    text,
    "Services 1 · 3 replicas running web web.example.com live Release 2 Replicas 2 of 2 CPU 75 % Memory 3 MB Last job push running 5 s ago",
  );
});

test("a server without services says how to send one", () => {
  const text = read(servicesView(look, { kind: "services", at: now, services: [] }));
  assert.match(text, /Nothing runs here yet .* mypaas push -r prod Copy$/);
});

test("a service is shown with its job, replicas, releases and receipts", () => {
  const text = read(serviceView(look, { service: web, releases: [release, retired] }));
  for (const part of [
    "push is running, begun 5 s ago Watch job 7",
    "Release 2 1 h ago by ana",
    "web.2 2 running 1 min 3 50 % 2 MB",
    "2 live 1 h ago ana 1.8 s, 412 requests, 0 failed",
    "1 kept",
  ])
    assert.ok(text.includes(part), `${part} in ${text}`);
});

test("each action has a form that works without script and the command beside it", () => {
  const html = textOf(serviceView(look, { service: web, releases: [release, retired] }));
  const forms = [...html.matchAll(/action="\/secret\/services\/web\/(\w+)"/g)].map(
    ([, path]) => path,
  );
  assert.deepEqual(forms, ["restart", "scale", "rollback", "env", "stop"]);
  for (const command of ["restart web", "scale web 2", "rollback web 1", "stop web"])
    assert.ok(read(html).includes(`mypaas ${command} -r prod Copy`), command);
  const stopped = { ...web, state: "stopped", replicas: [] };
  const less = textOf(serviceView(look, { service: stopped, releases: [release] }));
  assert.deepEqual(
    [...less.matchAll(/services\/web\/(\w+)"/g)].map(([, path]) => path),
    ["log", "start", "env"],
  );
});

test("what a service was asked is drawn over time, with its releases", () => {
  const minute = 60_000;
  const point = (at: number, ok: number, bad: number) => ({
    at,
    sent: { "2xx": ok, "3xx": 0, "4xx": 0, "5xx": bad },
    buckets: [ok, bad, ...Array.from({ length: 11 }, () => 0)],
    cpu: 30,
    memory: 5e6,
  });
  const points = [point(now - 3 * minute, 60, 0), point(now - minute, 120, 60)];
  const metrics = {
    step: 60,
    from: now - 4 * minute,
    to: now - minute,
    now,
    bucketsMs: [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000],
    services: [{ service: "web", points, totals: { ...point(0, 1, 0), replicas: 2 } }],
  };
  const marked = { ...release, created: now - 2 * minute };
  const html = textOf(serviceView(look, { service: web, releases: [marked], metrics }));
  const text = read(html);
  for (const part of [
    "Last 1 hour 24 hours 30 days",
    "Requests – all 240 requests – failed 60",
    "r2",
    "12:56 at most 3.0 a second 12:59",
    "Answer time – p95",
    "CPU – of one core 50 %",
    "Memory – all replicas 5 MB",
  ])
    assert.ok(text.includes(part), `${part} in ${text}`);
  // The minute of which nothing is known breaks the line.
  assert.match(html, /d="M133\.3 60\.0h\.5M400\.0 0\.0h\.5"/);
  const row = read(servicesView(look, { kind: "services", at: now, services: [web] }, metrics));
  assert.match(row, /live 240 requests, 60 failed , p95 9 ms Release 2/);
  const none = { ...metrics, services: [] };
  assert.match(
    read(servicesView(look, { kind: "services", at: now, services: [web] }, none)),
    /live not asked Release/,
  );
});

test("a receipt says that nothing was asked instead of 0", () => {
  assert.equal(read(receiptText({ ms: 900, requests: 0, failed: 0 })), "900 ms, not asked");
  assert.equal(read(receiptText({ ms: 900 })), "900 ms, not counted");
  assert.equal(
    read(receiptText({ ms: 900, requests: 3, failed: 1 })),
    "900 ms, 3 requests, 1 failed",
  );
  assert.equal(read(receiptText(undefined)), "–");
});

test("a line of an app is text, whatever it holds, and its colours are classes", () => {
  const line = {
    kind: "line",
    container: "0123456789ab",
    stream: "stderr",
    release: 2,
    replica: 1,
    at: "2026-11-28T11:59:00.000000000Z",
    nth: 0,
    text: '\u001b[1;31mno\u001b[0m <img src=x onerror="alert(1)"> \u001b[38;5;200mpink\u001b[39m',
  } as const;
  const html = textOf(logView(look, { service: web, lines: [line], search: "" }));
  assert.ok(
    html.includes(
      '<span class="red b">no</span> &lt;img src=x onerror=&quot;alert(1)&quot;&gt; pink',
    ),
    html,
  );
  assert.ok(!html.includes("style="));
  const none = read(logView(look, { service: web, lines: [line], search: "NOT THERE" }));
  assert.ok(none.includes("0 lines"), none);
  assert.ok(
    read(logView(look, { service: web, lines: [line], search: "NO <IMG" })).includes("1 line "),
  );
});

test("a job shows its end, its receipt and what it is about", () => {
  const at = { offset: 0, at: now };
  const receipt = {
    kind: "receipt",
    service: "web",
    release: 3,
    ms: 1800,
    requests: 412,
    failed: 0,
    ...at,
  } as const;
  const live = { kind: "live", service: "web", release: 3, urls: [], ms: 1800, ...at } as const;
  const info = {
    job: 7,
    kind: "push",
    service: "web",
    state: "done",
    by: "ana",
    at: now - 9000,
    startedAt: now - 8000,
    endedAt: now,
    release: 3,
  } as const;
  const steps = [
    { step: "build", at: now - 8000, ms: 6000 },
    { step: "hold", at: now - 2000, ms: 100 },
    { step: "cut-over", at: now - 100, ms: 40 },
    { step: "drain", at: now - 60 },
  ];
  const done = read(jobView(look, { job: 7, events: [live, receipt], isOpen: false, info, steps }));
  assert.match(
    done,
    /^Job 7 done push web 9 s ago by ana 412 requests, 0 failed 6.2 s in all build 6 s hold 100 ms cut-over 40 ms drain 60 ms so far /,
  );
  const older = read(jobView(look, { job: 7, events: [live, receipt], isOpen: false }));
  assert.match(older, /^Job 7 done web .* switched in 1.8 s: 412 requests, 0 failed /);
  const open = textOf(jobView(look, { job: 7, events: [], isOpen: true }));
  assert.ok(open.includes('data-stream="/secret/jobs/7/live"') && open.includes("/jobs/7/cancel"));
  const failed = {
    kind: "failed",
    message: "deploy web: no",
    details: ["\u001b[31mx\u001b[0m"],
    still: "web still runs release 2",
    ...at,
  } as const;
  const bad = textOf(jobView(look, { job: 7, events: [failed], isOpen: false }));
  assert.ok(
    bad.includes("<strong>error: deploy web: no</strong>") &&
      bad.includes('<span class="red">x</span>'),
    bad,
  );
});

test("jobs are listed with what they were and why they failed", () => {
  const info = {
    kind: "push",
    service: "web",
    by: "ana",
    at: now - 60_000,
    startedAt: now - 60_000,
    endedAt: now - 55_000,
  };
  const jobs = [
    { ...info, job: 8, state: "failed", failure: "deploy web: no" },
    { ...info, job: 7, state: "done", receipt: { ms: 900, requests: 3, failed: 0 } },
  ] as const;
  assert.equal(
    read(jobListView(look, { jobs, hasMore: true })),
    "Jobs Job What Service State When Took By Switch 8 push web failed 1 min ago 5 s ana deploy web: no 7 push web done 1 min ago 5 s ana 900 ms, 3 requests, 0 failed Older jobs",
  );
  assert.match(read(jobListView(look, { jobs: [], hasMore: false })), /^Jobs No job yet/);
});

test("the disk is shown by owner, the largest first, and nothing is counted twice", () => {
  const owners = [
    { owner: "web", whose: "service", kind: "images", bytes: 2e9 },
    { owner: "web", whose: "service", kind: "logs", bytes: 5e6 },
    { owner: "mypaas", whose: "mypaas", kind: "state", bytes: 3e9 },
  ] as const;
  assert.equal(
    read(diskView(look, { at: now, owners, total: 20e9, free: 10e9 })),
    "Disk 10 GB of 20 GB free services 2 GB mypaas itself 3 GB everything else 5 GB free 10 GB By owner Owner Size Of it mypaas itself 3 GB state 3 GB web 2 GB images 2 GB · logs 5 MB Measured now . mypaas doctor -r prod Copy",
  );
});

test("doctor shows first what is not well, with the command that mends it", () => {
  const checks = [
    { id: "a", title: "disk", result: "ok", evidence: "58 GB free" },
    {
      id: "b",
      title: "clock",
      result: "warning",
      evidence: "9 s apart",
      hint: "set it: sudo systemctl start ntp",
    },
    { id: "c", title: "Docker", result: "failed", evidence: "silent" },
  ] as const;
  assert.deepEqual(problemsOf(checks), { failed: 1, warnings: 1 });
  assert.equal(
    read(doctorView(look, { checks, at: now })),
    "Doctor 1 failed, 1 warning 3 checks, now Docker failed silent clock warning 9 s apart Set it: sudo systemctl start ntp Copy All is well with ok disk 58 GB free mypaas doctor -r prod Copy",
  );
  const page = layout(
    { ...look, problems: problemsOf(checks) },
    { title: "x", body: hintLine("push again") },
  );
  assert.match(read(page), /Doctor 1 problem /);
});

test("a certificate shows what is left of it, or what it waits for", () => {
  const day = 86_400_000;
  const certificate = { issuer: "R11", from: now - 60 * day, until: now + 30 * day };
  const list = {
    acme: { server: "le" },
    certificates: [
      { host: "a.example", services: ["web"], state: "issued", certificate },
      {
        host: "b.example",
        services: [],
        state: "waiting",
        about: "waiting for DNS",
        hint: "set A",
      },
    ],
  } as const;
  const text = read(certificatesView(look, list));
  assert.equal(
    text,
    "Certificates 2 a.example issued web by R11 30 d left b.example waiting for DNS The server's own name. waiting for DNS Set A",
  );
  assert.match(
    read(certificatesView(look, { certificates: [] })),
    /No service uses https .*# mypaas.https = true/,
  );
});

test("what went wrong is said with what still runs and the way out", () => {
  const failure = {
    message: "scale web: no",
    details: [],
    still: "web still runs release 2",
    hint: "try: mypaas ps",
  };
  assert.equal(
    read(problemView(look, failure)),
    "That did not work Scale web: no Web still runs release 2. Try: mypaas ps Copy All services",
  );
});

test("times are of the viewer's zone, with the date of another day", () => {
  assert.equal(clockText(look, now), "13:00:00");
  assert.equal(clockText(look, now - 86_400_000), "2026-11-27 13:00:00");
});

test("script and style are at most 10 kB each", () => {
  for (const name of ["script.js", "style.css"]) {
    const { length } = readFileSync(join(import.meta.dirname, "../../page", name));
    assert.ok(length <= 10_000, `${name}: ${length} bytes`);
  }
});
