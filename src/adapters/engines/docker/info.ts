import type { IncomingMessage } from "node:http";
import type Docker from "dockerode";
import type { EngineHealth } from "../../../core/health/engine.ts";
import type { BuilderFacts } from "../../../core/dockerfile/syntax.ts";
import { dial, openDocker, reaching, silent, within } from "./client.ts";

/** What `init` and `doctor` want to know about the engine. */
export interface EngineInfo extends EngineHealth {
  /** `linux/amd64`. */
  readonly platform: string;
  readonly rootDir: string;
  readonly buildkit: boolean;
}

/** Asks the engine about itself; throws UserError without an answer, saying whether it is missing, stopped or closed to us. */
export const engineInfo = async (socketPath: string): Promise<EngineInfo> =>
  reaching(socketPath, ask)(openDocker(socketPath));

/** What builds images; undefined without an answer within 5 s. */
export const builderFacts = (socketPath: string): Promise<BuilderFacts | undefined> =>
  within(5000, engineInfo(socketPath), silent).then(
    ({ version, buildkit, platform }) => ({ engine: version, buildkit, platform }),
    () => undefined,
  );

async function ask(docker: Docker): Promise<EngineInfo> {
  const [version, info, buildkit] = await Promise.all([
    docker.version(),
    docker.info() as Promise<Readonly<Record<string, unknown>>>,
    hasBuildkit(docker),
  ]);
  const text = (name: string): string => {
    const value = info[name];
    return typeof value === "string" ? value : "";
  };
  return {
    version: version.Version,
    apiVersion: version.ApiVersion,
    platform: `${version.Os}/${version.Arch}`,
    cgroupVersion: text("CgroupVersion") || undefined,
    storageDriver: text("Driver"),
    rootDir: text("DockerRootDir"),
    buildkit,
  };
}

/** BuildKit is part of Docker since API 1.39. An engine that prefers the classic builder says version 1; other engines with the same API name themselves. */
export async function hasBuildkit(docker: Docker): Promise<boolean> {
  const headers = await pingHeaders(docker);
  if (headers["libpod-api-version"] !== undefined) return false;
  if (headers["builder-version"] === "1" || headers["ostype"] === "windows") return false;
  const [major = 0, minor = 0] = String(headers["api-version"] ?? "")
    .split(".")
    .map(Number);
  return major > 1 || (major === 1 && minor >= 39);
}

/** dockerode's own ping drops the headers, which are the answer. */
async function pingHeaders(docker: Docker): Promise<IncomingMessage["headers"]> {
  const options = { path: "/_ping", method: "GET", isStream: true, statusCodes: { 200: true } };
  const response = await dial<IncomingMessage>(docker, options);
  response.resume();
  return response.headers;
}
