import { didYouMean } from "../core/dockerfile/did-you-mean.ts";
import type { MakeCommand, Run } from "./command-builder.ts";
import { client, examples } from "./shared-options.ts";
import type { Command } from "commander";

/** Commands that have commands of their own. */
export function families(command: MakeCommand, run: Run): void {
  remotes(command, run);
  keys(command, run);
  registries(command, run);
  certificates(command, run);
}

function remotes(command: MakeCommand, run: Run): void {
  const remote = command("remote", "the servers that this machine knows")
    .helpCommand(false)
    .addHelpText("after", examples("mypaas remote list", "mypaas remote show prod"));
  const body = () => import("./commands/remote.ts");
  const line = "'https://paas.example.com#srv=0123456789abcdef&pin=…'";

  command("add <name> <line>", "know a server by the line that mypaas init printed", remote)
    .addHelpText(
      "after",
      examples(`mypaas remote add prod ${line}`, `mypaas remote add staging ${line}`),
    )
    .action((name, url) => run(async (io) => (await body()).remoteAdd({ name, url }, io)));

  command("list", "show them, the default first", remote)
    .addHelpText("after", examples("mypaas remote list", "mypaas remote list --json"))
    .action(() => run(async (io) => (await body()).remoteList({}, io)));

  command("show <remote>", "what is known of one, and whether it answers", remote)
    .option("--key <file>", "the SSH key that signs")
    .addHelpText(
      "after",
      examples("mypaas remote show prod", "mypaas remote show prod --key ~/.ssh/id_ed25519"),
    )
    .action((name, options) =>
      run(async (io) => (await body()).remoteShow({ ...options, name }, io)),
    );

  command("default [remote]", "the one that mypaas push takes: show it, or choose it", remote)
    .addHelpText("after", examples("mypaas remote default", "mypaas remote default prod"))
    .action((name) => run(async (io) => (await body()).remoteDefault({ name }, io)));

  command("rename <remote> <name>", "call one something else", remote)
    .addHelpText(
      "after",
      examples("mypaas remote rename prod main", "mypaas remote rename staging test --json"),
    )
    .action((from, to) => run(async (io) => (await body()).remoteRename({ from, to }, io)));

  command("remove <remote>", "forget one; nothing changes on the server", remote)
    .addHelpText(
      "after",
      examples("mypaas remote remove staging", "mypaas remote remove staging --json"),
    )
    .action((name) => run(async (io) => (await body()).remoteRemove({ name }, io)));
}

function keys(command: MakeCommand, run: Run): void {
  const key = command("key", "who may do what on a server")
    .helpCommand(false)
    .addHelpText("after", examples("mypaas key list -r prod", "mypaas key add ci.pub -r prod"));
  const body = () => import("./commands/key.ts");

  client(command("add <words...>", "enrol a public key: its file, - for stdin, or the line", key))
    .option("--services <names>", "only these, such as blog,api-*")
    .option("--actions <names>", "only these of push, env, key, logs, run, manage")
    .option("--expires <date>", "refused from that day on, such as 2027-01-31")
    .option("--no-volumes", "may push no service that has volumes")
    .addHelpText(
      "after",
      examples(
        "mypaas key add ~/.ssh/id_ed25519.pub -r prod",
        "mypaas key add ci.pub --services blog,api-* --actions push --expires 2027-01-31",
        "ssh ann@laptop cat .ssh/id_ed25519.pub | mypaas key add -",
      ),
    )
    .action((words, { volumes, ...options }: { readonly volumes: boolean }) =>
      run(async (io) => (await body()).keyAdd({ ...options, words, noVolumes: !volumes }, io)),
    );

  client(command("list", "show the enrolled keys and when each was used last", key))
    .addHelpText("after", examples("mypaas key list", "mypaas key list -r prod --json"))
    .action((options) => run(async (io) => (await body()).keyList(options, io)));

  client(command("remove <name>", "refuse a key from now on, by its fingerprint or name", key))
    .addHelpText(
      "after",
      examples("mypaas key remove ci -r prod", "mypaas key remove SHA256:mVPwvezndPv"),
    )
    .action((which, options) =>
      run(async (io) => (await body()).keyRemove({ ...options, which }, io)),
    );
}

function registries(command: MakeCommand, run: Run): void {
  const registry = command("registry", "logins of a server for private base images")
    .helpCommand(false)
    .addHelpText(
      "after",
      examples("mypaas registry list -r prod", "mypaas registry login ghcr.io -r prod"),
    );
  const body = () => import("./commands/registry.ts");

  client(command("login <host>", "let builds use private images of a registry", registry))
    .option("-u, --username <name>", "who logs in; asked for on a terminal")
    .option("--password-stdin", "read the password or token from stdin")
    .addHelpText(
      "after",
      examples(
        "mypaas registry login ghcr.io -r prod",
        "mypaas registry login ghcr.io -u ann --password-stdin -r prod < token.txt",
      ),
    )
    .action((host, options) =>
      run(async (io) => (await body()).registryLogin({ ...options, host }, io)),
    );

  client(command("logout <host>", "forget a login", registry))
    .addHelpText(
      "after",
      examples("mypaas registry logout ghcr.io", "mypaas registry logout ghcr.io -r prod"),
    )
    .action((host, options) =>
      run(async (io) => (await body()).registryLogout({ ...options, host }, io)),
    );

  client(command("list", "show them, without passwords", registry))
    .addHelpText("after", examples("mypaas registry list", "mypaas registry list -r prod --json"))
    .action((options) => run(async (io) => (await body()).registryList(options, io)));
}

function certificates(command: MakeCommand, run: Run): void {
  const cert = client(command("cert", "certificates of a server: who has one, who waits for what"));
  const body = () => import("./commands/cert.ts");
  cert
    .helpCommand(false)
    .addHelpText("after", examples("mypaas cert -r prod", "mypaas cert retry -r prod"))
    .action((options) => {
      refuseUnknown(cert);
      return run(async (io) => (await body()).certList(options, io));
    });
  /** `mypaas cert -r prod list` has its options before its name. */
  const all = <T extends object>(options: T) => ({ ...cert.opts(), ...options });

  client(command("list", "show every host that wants https, as mypaas cert alone does", cert))
    .addHelpText("after", examples("mypaas cert list", "mypaas cert list -r prod --json"))
    .action((options) => run(async (io) => (await body()).certList(all(options), io)));

  client(command("add <host> <cert> <key>", "serve one of your own, read from two PEM files", cert))
    .addHelpText(
      "after",
      examples(
        "mypaas cert add www.example.com fullchain.pem privkey.pem -r prod",
        "mypaas cert add '*.example.com' wildcard.pem wildcard.key -r prod",
      ),
    )
    .action((host, certificate, privateKey, options) =>
      run(async (io) =>
        (await body()).certAdd({ ...all(options), host, certificate, privateKey }, io),
      ),
    );

  client(command("remove <host>", "forget a certificate that was added", cert))
    .addHelpText(
      "after",
      examples("mypaas cert remove www.example.com", "mypaas cert remove www.example.com -r prod"),
    )
    .action((host, options) =>
      run(async (io) => (await body()).certRemove({ ...all(options), host }, io)),
    );

  client(command("retry [host]", "ask now, for one host or for all without a certificate", cert))
    .addHelpText(
      "after",
      examples("mypaas cert retry -r prod", "mypaas cert retry www.example.com -r prod"),
    )
    .action((host, options) =>
      run(async (io) => (await body()).certRetry({ ...all(options), host }, io)),
    );
  // Its commands would inherit it from here on.
  cert.allowExcessArguments();
}

/** What commander says by itself of a family that does nothing alone. */
function refuseUnknown(family: Command): void {
  const [word] = family.args;
  if (word === undefined) return;
  const near = didYouMean(
    word,
    family.commands.map((command) => command.name()),
  );
  const meant = near === undefined ? "" : `\n(Did you mean ${near}?)`;
  family.error(`error: unknown command '${word}'${meant}`, { code: "commander.unknownCommand" });
}
