/** What every view is told besides its own data. */
export interface Look {
  /** Name of the server, as its user calls it. */
  readonly server: string;
  /** Path of the page; ends with a slash. */
  readonly base: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Of the viewer, such as `Europe/Berlin`. */
  readonly zone: string;
  /** The command line that does the same as a button: words after `mypaas`. */
  readonly command: (...words: readonly (string | undefined)[]) => string;
  /** Findings of `doctor` that are not well; undefined while nobody knows. */
  readonly problems?: Problems | undefined;
  /** Set while the server does not answer: the age of what is shown. */
  readonly silentMs?: number | undefined;
}

export interface Problems {
  readonly failed: number;
  readonly warnings: number;
}

/** The views of a server, in the order of the navigation. */
export const views = {
  services: { path: "", title: "Services" },
  jobs: { path: "jobs", title: "Jobs" },
  certificates: { path: "certificates", title: "Certificates" },
  disk: { path: "disk", title: "Disk" },
  doctor: { path: "doctor", title: "Doctor" },
} as const;

export type ViewName = keyof typeof views;

export const servicePath = ({ base }: Pick<Look, "base">, service: string, more = ""): string =>
  `${base}services/${encodeURIComponent(service)}${more}`;

export const jobPath = ({ base }: Pick<Look, "base">, job: number): string => `${base}jobs/${job}`;
