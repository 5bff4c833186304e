const { readFileSync } = require("node:fs");
const { createServer } = require("node:http");

const page = readFileSync("page.html", "utf8").replace("RELEASE", process.env.MYPAAS_RELEASE);

const server = createServer(async (request, response) => {
  if (request.url === "/health") return response.end("ok\n");
  if (request.method === "POST") return response.end(await readAll(request));
  const wait = request.url === "/slow" ? 1500 : 0;
  setTimeout(() => response.setHeader("content-type", "text/html").end(page), wait);
});

async function readAll(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const { PORT, MYPAAS_RELEASE } = process.env;
server.listen(PORT, () => console.log(`release ${MYPAAS_RELEASE} listens on port ${PORT}`));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
