const { createReadStream, readdirSync } = require("node:fs");
const { createServer } = require("node:http");
const { extname } = require("node:path");

const types = { ".html": "text/html", ".css": "text/css", ".txt": "text/plain" };
// Only what is there at the start is served, so no path can lead anywhere else.
const files = new Set(readdirSync("public", { recursive: true }));

const server = createServer((request, response) => {
  const name = request.url.split("?")[0].slice(1) || "index.html";
  if (!files.has(name) || !types[extname(name)]) return response.writeHead(404).end("not here\n");
  response.setHeader("content-type", types[extname(name)]);
  createReadStream(`public/${name}`).pipe(response);
});

server.listen(process.env.PORT);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
