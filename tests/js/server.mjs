// A Socket.IO server for Node.js with @socket.io/admin-ui, as the console attaches to: `node server.mjs '{"mode": …}'`.
//
// Options: those of `instrument`, `password` (hashed here), `parser` ("msgpack"), `server` (options of Server), `port`,
// `instrumented` (false: without the admin), `version` ("2", "3", "4.4": an old Socket.IO), `tls` ({key, cert}: files),
// `nodes` (so many processes behind the cluster adapter; each says where it listens).

import cluster from "node:cluster";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createRequire } from "node:module";
import { instrument } from "@socket.io/admin-ui";
import { createAdapter, setupPrimary } from "@socket.io/cluster-adapter";
import parser from "socket.io-msgpack-parser";

const require = createRequire(import.meta.url);
const bcrypt = require("bcryptjs");

const {
  password,
  parser: parserName,
  server = {},
  port = 0,
  instrumented = true,
  version,
  tls,
  nodes = 0,
  ...admin
} = JSON.parse(process.argv[2] ?? "{}");

if (nodes && cluster.isPrimary) {
  setupPrimary();
  for (let number = 1; number <= nodes; number++) cluster.fork({ NODE: `node-${number}` });
} else {
  await run();
}

async function run() {
  process.on("uncaughtException", (error) => console.error(error)); // what a handler throws ends Node otherwise

  const library = await import(version ? `socket.io-${version}` : "socket.io");
  const Server = library.Server ?? library.default; // version 2 is a function

  const http = tls
    ? createTlsServer({ key: readFileSync(tls.key), cert: readFileSync(tls.cert) })
    : createServer();
  const io = new Server(http, { cors: { origin: "http://allowed.example" }, ...server, ...(parserName === "msgpack" ? { parser } : {}) });
  if (nodes) io.adapter(createAdapter());

  function serve(nsp) {
    nsp.use((socket, next) => {
      const { name } = socket.handshake.auth ?? {};
      if (name === "mallory") return next(new Error("unknown user"));
      socket.data ??= {}; // since version 4
      socket.data.user = { name: name ?? "nobody" };
      next();
    });
    nsp.on("connection", (socket) => {
      socket.join("lobby");
      socket.on("echo", (...args) => {
        const answer = args.pop();
        if (typeof answer === "function") answer(...args);
        else socket.emit("echoed", ...args, answer);
      });
      socket.on("join", (room) => socket.join(room));
      socket.on("leave", (room) => socket.leave(room));
      socket.on("shout", (text) => nsp.emit("shouted", socket.id, text));
      socket.on("rename", (name) => (socket.data.user.name = name));
      socket.on("boom", () => {
        throw new Error("it broke");
      });
      socket.on("bye", () => socket.disconnect());
    });
  }

  serve(io.of("/"));
  serve(io.of("/chat"));

  if (instrumented) {
    const auth = password ? { type: "basic", username: "admin", password: bcrypt.hashSync(password, 4) } : false;
    instrument(io, { auth, mode: "development", serverId: process.env.NODE ?? "node-1", ...admin });
  }

  http.listen({ port, host: "127.0.0.1", exclusive: true }, () => console.log(`${nodes ? `${process.env.NODE} ${process.pid} ` : ""}listening on ${tls ? "https" : "http"}://127.0.0.1:${http.address().port}`));
}
