import assert from "node:assert/strict";
import { test } from "node:test";
import { heredocsOf } from "../../../src/core/dockerfile/heredocs.ts";

// Cases follow what BuildKit's own parser accepts.
const cases: readonly (readonly [instruction: string, names: readonly string[]])[] = [
  ["RUN <<EOF", ["EOF"]],
  ["run <<EOF", ["EOF"]],
  ["RUN <<-EOF", ["-EOF"]],
  ["RUN <<'EOF'", ["EOF"]],
  ['RUN <<-"EOF"', ["-EOF"]],
  ['RUN <<EO"F"', ["EOF"]],
  [String.raw`RUN <<eo\'f`, ["eo'f"]],
  ["RUN <<'one two'", ["one two"]],
  ["RUN <<$EOF", ["$EOF"]],
  ["RUN 3<<EOF", ["EOF"]],
  ["RUN <<  EOF  > foo", ["EOF"]],
  ["RUN << -EOF", ["-EOF"]],
  ["RUN <<- EOF", []],
  ["RUN <<EOF python3", ["EOF"]],
  ["RUN --mount=type=cache,target=/x <<EOF", ["EOF"]],
  ["COPY <<a.txt <<-b.txt /srv/", ["a.txt", "-b.txt"]],
  ["ADD <<EOF /x", ["EOF"]],
  ["ONBUILD RUN <<EOF", ["EOF"]],
  ["ONBUILD USER <<EOF", []],
  ["USER <<EOF", []],
  ["CMD <<EOF", []],
  ["RUN '<<EOF'", []],
  ['RUN "<<EOF"', []],
  ['RUN ["<<EOF"]', []],
  ["RUN cat<<EOF", []],
  ["RUN cat <<<EOF", []],
  ["RUN echo $((1<<2))", []],
  ["RUN echo it's <<EOF", []],
  ["RUN echo ${a:-b} <<EOF", ["EOF"]],
  ["RUN echo ${a/b/c} <<EOF", ["EOF"]],
  ["RUN echo ${a^^} <<EOF", []],
  ["RUN echo ${a <<EOF", []],
  ['RUN echo "${a}" "\\"" <<EOF', ["EOF"]],
  ['RUN <<""', []],
  ["RUN <<", []],
  ["<<EOF", []],
];

for (const [instruction, names] of cases) {
  test(`${instruction} opens ${names.length === 0 ? "no heredoc" : names.join(" and ")}`, () => {
    const found = heredocsOf(instruction).map(({ name, chomp }) => (chomp ? `-${name}` : name));
    assert.deepEqual(found, names);
  });
}

test("nesting too deep to be written by anybody opens no heredoc", () => {
  assert.deepEqual(heredocsOf(`RUN <<EOF ${"${a:-".repeat(100_000)}`), []);
});
