import { hint, command } from "../hints.ts";
import type { Endpoint } from "./endpoint.ts";

const logQuery = {
  lines: "number",
  sinceMs: "number",
  release: "number",
  process: "text",
  follow: "flag",
} as const;

/** A container belongs to a release, which would start it again. */
const ofRelease = {
  kind: "refused",
  status: 409,
  code: "belongs-to-release",
  message: "container: is a replica of a release, which decides whether it runs",
  hint: "use scale, restart or stop of its service: POST /services/{service}/scale",
} as const;

const services: readonly Endpoint[] = [
  {
    method: "GET",
    path: "/services",
    about: "All services that the token may see, with their replicas.",
    does: { kind: "services", action: "ps" },
    fixed: { watch: false },
  },
  {
    method: "POST",
    path: "/services",
    about: "A service is made by its first push, and its name is free until then.",
    does: {
      kind: "refused",
      status: 501,
      code: "not-built",
      message: "services: a service is made by its first push, so nothing can be reserved",
      hint: hint`push it: ${command("push")}; values for its first release: POST /services/{service}/env`,
    },
  },
  {
    method: "GET",
    path: "/services/{service}",
    about: "One service, with its replicas and its last job.",
    does: { kind: "service", action: "ps" },
    fixed: { watch: false },
  },
  {
    method: "PUT",
    path: "/services/{service}",
    about: "Settings stand in the Dockerfile, so they change with a push.",
    does: {
      kind: "refused",
      status: 405,
      code: "in-dockerfile",
      message: "service: its settings are comments in its Dockerfile",
      hint: hint`change them there, such as # mypaas.scale = 2, and push: ${command("push")}`,
    },
  },
  {
    method: "GET",
    path: "/services/{service}/removal",
    about: "What DELETE would remove, and what stays unless it is named.",
    does: { kind: "answer", action: "remove.list" },
  },
  {
    method: "DELETE",
    path: "/services/{service}",
    about: "Removes a service for good. Volumes stay unless they are named.",
    does: { kind: "job", action: "remove" },
    query: { volumes: "list", confirm: "text" },
    fixed: { volumes: [] },
  },
  {
    method: "GET",
    path: "/services/{service}/logs",
    about: "What a service printed, by line; with follow also what it prints from now on.",
    does: { kind: "logs", action: "logs" },
    query: { ...logQuery, replica: "number" },
  },
  {
    method: "GET",
    path: "/services/{service}/metrics",
    about:
      "Requests, answer times, CPU and memory of a service over time; of an hour unless it says otherwise.",
    does: { kind: "answer", action: "metrics" },
    query: { from: "number", sinceMs: "number", step: "number" },
  },
  {
    method: "GET",
    path: "/metrics",
    about: "Sums of all services that the token may see, in the text format of Prometheus.",
    does: { kind: "prometheus", action: "metrics" },
    fixed: { sinceMs: 0 },
  },
];

const changes: readonly Endpoint[] = [
  {
    method: "POST",
    path: "/services/{service}/deploy",
    about: "Goes back to an earlier release; without a number to the one before.",
    does: { kind: "job", action: "rollback" },
    body: ["release"],
  },
  {
    method: "POST",
    path: "/services/{service}/scale",
    about: "Sets the number of replicas of a process.",
    does: { kind: "job", action: "scale" },
    body: ["replicas", "process"],
  },
  {
    method: "POST",
    path: "/services/{service}/restart",
    about: "Replaces all containers by new ones of the same release.",
    does: { kind: "job", action: "restart" },
  },
  {
    method: "POST",
    path: "/services/{service}/stop",
    about: "Takes a service out of use; it stays known.",
    does: { kind: "job", action: "stop" },
  },
  {
    method: "POST",
    path: "/services/{service}/start",
    about: "Starts a stopped service again.",
    does: { kind: "job", action: "start" },
  },
  {
    method: "GET",
    path: "/services/{service}/env",
    about: "Names and fingerprints of the values that were set on the server, never the values.",
    does: { kind: "answer", action: "env.list" },
  },
  {
    method: "POST",
    path: "/services/{service}/env",
    about: "Sets values; a service that runs gets a release with them, unless stage is true.",
    does: { kind: "job", action: "env.set" },
    body: ["set", "stage", "secret"],
  },
  {
    method: "DELETE",
    path: "/services/{service}/env",
    about: "Removes values by their names.",
    does: { kind: "job", action: "env.unset" },
    query: { names: "list", stage: "flag" },
  },
  {
    method: "POST",
    path: "/services/{service}/builds",
    about: "Archives come in by other ways.",
    does: {
      kind: "refused",
      status: 501,
      code: "not-built",
      message: "builds: archives are not taken by HTTP yet",
      hint: hint`send it: ${command("push app.tar.gz")}, or deploy a repository: POST /services/{service}/builds/git`,
    },
  },
  {
    method: "POST",
    path: "/services/{service}/builds/git",
    about: "Deploys the newest commit of the linked branch, or the commit that is named.",
    does: { kind: "job", action: "pull" },
    body: ["commit"],
  },
  {
    method: "GET",
    path: "/services/{service}/maintenance",
    about: "Whether visitors get a page instead of the service.",
    does: { kind: "answer", action: "maintenance.show" },
  },
  {
    method: "PUT",
    path: "/services/{service}/maintenance",
    about: "Begins or ends a maintenance.",
    does: { kind: "answer", action: "maintenance.set" },
    body: ["on", "text"],
  },
];

const others: readonly Endpoint[] = [
  {
    method: "GET",
    path: "/services/{service}/releases",
    about: "The releases of a service, newest first.",
    does: { kind: "answer", action: "release.list" },
  },
  {
    method: "GET",
    path: "/releases",
    about: "The releases of all services that the token may see.",
    does: { kind: "answer", action: "release.list" },
  },
  {
    method: "GET",
    path: "/links",
    about: "The repositories that services are deployed from.",
    does: { kind: "answer", action: "link.list" },
  },
  {
    method: "GET",
    path: "/services/{service}/jobs",
    about: "The jobs of a service, newest first.",
    does: { kind: "answer", action: "job.list" },
    query: { before: "number", limit: "number" },
  },
  {
    method: "GET",
    path: "/jobs",
    about: "The jobs of all services that the token may see, newest first.",
    does: { kind: "answer", action: "job.list" },
    query: { before: "number", limit: "number" },
  },
  {
    method: "GET",
    path: "/jobs/{job}",
    about: "How far a job is, and how it ended; it may be asked for as a build too.",
    does: { kind: "one-job", action: "job.list" },
    fixed: { limit: 1 },
  },
  {
    method: "GET",
    path: "/jobs/{job}/steps",
    about: "The steps of a job, and how long each took.",
    does: { kind: "answer", action: "job.steps" },
  },
  {
    method: "GET",
    path: "/jobs/{job}/events",
    about: "The log of a job to its end.",
    does: { kind: "events", action: "job.log" },
  },
  {
    method: "GET",
    path: "/ws/builds/{job}/logs",
    about:
      "The log of a job comes as server-sent events instead, which go on where they broke off.",
    does: {
      kind: "refused",
      status: 501,
      code: "not-built",
      message: "log: does not come over WebSocket",
      hint: "take server-sent events: GET /jobs/{job}/events with Accept: text/event-stream",
    },
  },
  {
    method: "POST",
    path: "/jobs/{job}/cancel",
    about: "Ends a job before its cut-over.",
    does: { kind: "job", action: "cancel" },
  },
  {
    method: "GET",
    path: "/containers",
    about: "The replicas of all services that the token may see.",
    does: { kind: "containers", action: "ps" },
    fixed: { watch: false },
  },
  {
    method: "GET",
    path: "/containers/{container}",
    about: "One replica; its id is such as web.1, or web:worker.1 for another process.",
    does: { kind: "container", action: "ps" },
    fixed: { watch: false },
  },
  {
    method: "GET",
    path: "/containers/{container}/logs",
    about: "What one replica printed.",
    does: { kind: "logs", action: "logs" },
    query: { lines: "number", sinceMs: "number", follow: "flag" },
  },
  {
    method: "POST",
    path: "/containers/{container}/start",
    about: "A release starts its replicas itself.",
    does: ofRelease,
  },
  {
    method: "POST",
    path: "/containers/{container}/stop",
    about: "A release starts its replicas itself.",
    does: ofRelease,
  },
  {
    method: "GET",
    path: "/certificates",
    about: "The certificates of the hosts that want https.",
    does: { kind: "answer", action: "cert.list" },
  },
  {
    method: "GET",
    path: "/disk",
    about: "Who fills the disk.",
    does: { kind: "answer", action: "disk" },
  },
  {
    method: "GET",
    path: "/doctor",
    about: "What the server finds about itself.",
    does: { kind: "answer", action: "doctor" },
    query: { host: "text" },
  },
  {
    method: "GET",
    path: "/server",
    about: "The version of the server, and what it can do.",
    does: { kind: "answer", action: "server.info" },
  },
];

/** Every address of the API; its routes, its description and its tests come out of this table. `/apps` stands for `/services`, and `/builds/N` for `/jobs/N`. */
export const endpoints: readonly Endpoint[] = [...services, ...changes, ...others];
