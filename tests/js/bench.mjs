// What the benchmarks have Node's server do: the same as tests/apps/bench_stock.py. Arguments: port, 1 for its Admin UI.
import { createServer } from "node:http";
import { instrument } from "@socket.io/admin-ui";
import { Server } from "socket.io";

const [port, admin] = process.argv.slice(2).map(Number);
const http = createServer();
const io = new Server(http, { serveClient: false, pingInterval: 3_600_000, pingTimeout: 3_600_000 });
if (admin) {
  instrument(io, { auth: false, mode: "development" });
}
let count = 0;
io.on("connection", (socket) => {
  const number = count++;
  socket.join(["lobby", `ten-${Math.floor(number / 10)}`, `hundred-${Math.floor(number / 100)}`]);
  socket.on("echo", (data, ack) => ack(data));
  socket.on("all", (data) => io.emit("news", data));
});
http.listen(port, "127.0.0.1");
