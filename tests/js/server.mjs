// A Socket.IO server for Node.js with @socket.io/admin-ui, as the console attaches to: `node server.mjs '{"mode": …}'`.
//
// Options: those of `instrument`, `password` (hashed here), `parser` ("msgpack"), `server` (options of Server), `port`,
// `instrumented` (false: without the admin).

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { Server } from "socket.io";
import { instrument } from "@socket.io/admin-ui";
import parser from "socket.io-msgpack-parser";

const require = createRequire(import.meta.url);
const bcrypt = require("bcryptjs");

const { password, parser: parserName, server = {}, port = 0, instrumented = true, ...admin } = JSON.parse(process.argv[2] ?? "{}");

const http = createServer();
const io = new Server(http, { cors: { origin: "http://allowed.example" }, ...server, ...(parserName === "msgpack" ? { parser } : {}) });

function serve(nsp) {
  nsp.use((socket, next) => {
    const { name } = socket.handshake.auth;
    if (name === "mallory") return next(new Error("unknown user"));
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
    socket.on("bye", () => socket.disconnect());
  });
}

serve(io.of("/"));
serve(io.of("/chat"));

if (instrumented) {
  const auth = password ? { type: "basic", username: "admin", password: bcrypt.hashSync(password, 4) } : false;
  instrument(io, { auth, mode: "development", serverId: "node-1", ...admin });
}

http.listen(port, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${http.address().port}`));
