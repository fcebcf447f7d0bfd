// The demo app's events on the reference server, for scripts to play against: `node demo.mjs`, prints its URL.
import { createServer } from "node:http";
import { Server } from "socket.io";

const rooms = { lobby: 0, dev: 0, random: 0 };

const http = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    let status = 404;
    if (request.method === "POST" && request.url.split("?")[0] === "/kick") {
      try {
        const target = find(JSON.parse(body).id);
        if (target) {
          target.disconnect();
          status = 202;
        }
      } catch {
        status = 400;
      }
    }
    response.writeHead(status, { "content-type": "text/plain" });
    response.end(`${status}\n`);
  });
});

const io = new Server(http, { cors: { origin: "*" } });

const find = (name) => [...io.of("/").sockets.values()].find((socket) => [socket.id, socket.user.name].includes(name));
const roomsOf = (socket) => [...socket.rooms].filter((room) => room !== socket.id).sort();

io.use((socket, next) => {
  const name = socket.handshake.auth.name;
  if (typeof name !== "string" || !name || name === "mallory") {
    const error = new Error("unknown user");
    error.data = { retry: false };
    next(error);
    return;
  }
  socket.user = { name, status: "here" };
  next();
});

io.on("connection", (socket) => {
  socket.join("lobby");
  socket.to("lobby").emit("user has joined", socket.user.name);
  socket.use(([event], next) => next(event === "admin" ? new Error("unauthorized event") : undefined));
  socket.on("error", () => {});
  socket.on("message", (room, text) => {
    rooms[room] = (rooms[room] ?? 0) + 1;
    socket.to(room).emit("message", socket.user.name, { room, text, n: rooms[room] });
  });
  socket.on("private message", (to, text) => {
    socket.to(to).emit("private message", socket.id, { text, at: rooms.lobby });
  });
  socket.on("whisper", (name, text, ack) => {
    const other = find(name);
    if (other) socket.to(other.id).emit("private message", socket.id, { text });
    ack(other ? { ok: true } : { ok: false, why: `${name} is not here` });
  });
  socket.on("typing", (room) => socket.to(room).emit("typing", socket.user.name));
  socket.on("join", async (room, ack) => {
    await socket.join(room);
    ack({ rooms: roomsOf(socket) });
  });
  socket.on("leave", async (room, ack) => {
    await socket.leave(room);
    ack({ rooms: roomsOf(socket) });
  });
  socket.on("rename", (changes, ack) => {
    socket.user = { ...socket.user, ...changes, name: socket.user.name };
    ack(socket.user);
  });
  socket.on("upload", (data, ack) => ack({ size: data.length }));
  socket.on("divide", (a, b, ack) => {
    if (b !== 0) ack(a / b);
  });
  socket.on("disconnecting", (reason) => {
    socket.to(roomsOf(socket)).emit("user has left", socket.user.name, reason);
  });
});

http.listen(0, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${http.address().port}`));
