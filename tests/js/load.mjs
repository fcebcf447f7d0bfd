// Many clients of one server: `node load.mjs URL COUNT`. Says `ready` when all are connected; ends with stdin.
//
// A line `ECHOES SHOUTS` on stdin: so many events with an ack, and so many that the server sends on to all, a second.

import { io } from "socket.io-client";

const [url, count] = [process.argv[2], Number(process.argv[3])];
let connected = 0;
const sockets = [];

for (let n = 0; n < count; n++) {
  const socket = io(url, { forceNew: true, transports: ["websocket"], auth: { name: `user${n}` } });
  sockets.push(socket);
  socket.once("connect", () => {
    connected += 1;
    if (connected === count) console.log("ready");
  });
  if (n % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 20));
}

function repeat(rate, act) {
  let number = 0;
  if (rate > 0) setInterval(() => act(sockets[number++ % count], number), 1_000 / rate);
}

process.stdin.on("data", (line) => {
  const [echoes, shouts] = line.toString().split(" ").map(Number);
  repeat(echoes, (socket, number) => socket.emit("echo", { number, text: "hello there" }, () => {}));
  repeat(shouts, (socket, number) => socket.emit("shout", `number ${number}`));
});
process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
