const { readFileSync, writeFileSync } = require("node:fs");
const { createServer } = require("node:http");

const file = "/data/count";

function count() {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return 0;
  }
}

const server = createServer((_request, response) => {
  const next = count() + 1;
  writeFileSync(file, String(next));
  response.end(`request ${next}, answered by release ${process.env.MYPAAS_RELEASE}\n`);
});

server.listen(process.env.PORT);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
