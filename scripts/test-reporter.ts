import { Readable } from "node:stream";
import { spec, type TestEvent } from "node:test/reporters";

/** Reports as Node's own `spec` does, and fails the run when a test was skipped or left for later. */
export default async function* reporter(
  events: AsyncIterable<TestEvent>,
): AsyncGenerator<string | Buffer> {
  const left: string[] = [];
  const look = async function* () {
    for await (const event of events) {
      if (isLeftOut(event)) left.push(event.data.name);
      yield event;
    }
  };
  yield* Readable.from(look()).pipe(spec());
  if (left.length === 0) return;
  process.exitCode = 1;
  yield `\nerror: tests that did not run: ${left.join(", ")}\n`;
}

const isLeftOut = (event: TestEvent): event is Extract<TestEvent, { type: "test:pass" }> =>
  event.type === "test:pass" && [event.data.skip, event.data.todo].some((why) => why !== undefined);
