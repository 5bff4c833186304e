import type { ServiceSpec } from "../../core/release/spec.ts";
import type { Source } from "../../sources/source.ts";

/** What a job was asked to make live: settings, values and where its image comes from. */
export interface DesiredRelease {
  readonly spec: ServiceSpec;
  /** Values for its environment beside those in the spec. */
  readonly env: Readonly<Record<string, string>>;
  readonly source: Source;
  /** The release whose image and settings these are, where nothing about them was changed. */
  readonly repeats?: number;
  /** Makes a release even where it would run the same way. */
  readonly isForced?: boolean;
}
