import { text } from "../../stored/shape.ts";
import { readServiceName, slugOf } from "../service-names.ts";
import { oneValue, type SpecField } from "./key.ts";

const service = oneValue<"service">({
  name: "servicename",
  aliases: ["service"],
  syntax: "name",
  fallback: "required",
  help: "Name of the service: 2 to 50 characters of a-z, 0-9, dot and hyphen.",
  read: readServiceName,
  default: "",
  stored: text,
  rule: (key, { firstLine, problems }) => {
    // A line with a wrong value has its own problem already.
    if (firstLine(key) === undefined)
      problems.add(
        { line: 1, column: 1 },
        "mypaas.servicename is missing",
        "add a line such as: # mypaas.servicename = web",
      );
  },
  title: "service",
  text: (name) => name,
  // Releases of one service never differ in it.
  write: () => undefined,
});

const slug: SpecField<string> = {
  keys: [],
  default: "",
  stored: text,
  merge: ({ values }) => slugOf(values(service.key)[0]?.value ?? ""),
  describe: () => [],
  changes: () => [],
};

export const serviceFields = { service, slug };
