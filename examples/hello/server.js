const { readFileSync } = require("node:fs");
const { createServer } = require("node:http");

const page = readFileSync("page.html", "utf8").replace("RELEASE", process.env.MYPAAS_RELEASE);

const server = createServer((request, response) => {
  if (request.url === "/health") return response.end("ok\n");
  if (request.method === "POST") return request.pipe(response);
  const wait = request.url === "/slow" ? 1500 : 0;
  setTimeout(() => response.setHeader("content-type", "text/html").end(page), wait);
});

server.listen(process.env.PORT);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
