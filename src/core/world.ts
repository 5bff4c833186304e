/** Everything outside the program that a command may use; made in `bin/`, faked in tests. */
export interface World {
  /** Arguments after the program's name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  readonly uid: number;
  readonly pid: number;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: Out;
  readonly stderr: Out;
  /** The terminal for programs that run on a server. */
  readonly terminal: Terminal;
  /** Aborted by the first Ctrl-C or SIGTERM; a second one ends the process. */
  readonly interrupted: AbortSignal;
  readonly now: () => number;
  /** Signals a process, or with a negative number its group; false when it is gone. */
  readonly kill: (pid: number, signal: NodeJS.Signals) => boolean;
  readonly random: (bytes: number) => Buffer;
  /** The running Node binary and this program's entry file, to start another role of it. */
  readonly execPath: string;
  /** Of the running Node, such as `24.21.0`. */
  readonly nodeVersion: string;
  readonly entry: string;
  /** Shared libraries of the running Node binary, absolute paths. */
  readonly sharedObjects: () => readonly string[];
  /** Folder that holds `package.json`, `traefik/` and `systemd/`. */
  readonly packageRoot: string;
}

export interface Out {
  readonly write: (text: string) => void;
  readonly isTTY: boolean;
  readonly columns: number;
}

/** The standard streams as bytes, and their terminal. */
export interface Terminal {
  /** Resolves when there is room for more. */
  readonly write: (to: "stdout" | "stderr", bytes: Uint8Array) => Promise<void>;
  /** Undefined unless both input and output are a terminal. */
  readonly size: () => { readonly cols: number; readonly rows: number } | undefined;
  /** Returns a function that removes the listener. */
  readonly onResize: (listener: () => void) => () => void;
  /** In raw mode the program receives every key unchanged, also Ctrl-C. */
  readonly setRaw: (isRaw: boolean) => void;
}
