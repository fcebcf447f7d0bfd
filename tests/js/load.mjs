// Many clients of one server: `node load.mjs URL COUNT`. Says `ready` when all are connected; ends with stdin.

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

process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
