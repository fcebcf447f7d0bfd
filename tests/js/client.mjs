// One socket.io-client Manager, driven over stdin and stdout: one JSON object a line, both ways.
//
// Commands: open, connect, emit, call, answer, disconnect, drop, quit. Everything that happens is reported.
// Binary values cross as {"$bytes": base64}.

import { createInterface } from "node:readline";
import { Manager } from "socket.io-client";

const sockets = new Map();
const answers = new Map();
let manager;
let nextAnswer = 1;

function report(kind, fields = {}) {
  process.stdout.write(JSON.stringify({ kind, ...fields }) + "\n");
}

function toWire(value) {
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    const bytes = value instanceof ArrayBuffer ? Buffer.from(value) : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return { $bytes: bytes.toString("base64") };
  }
  if (Array.isArray(value)) return value.map(toWire);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toWire(item)]));
  }
  return value === undefined ? null : value;
}

function fromWire(value) {
  if (Array.isArray(value)) return value.map(fromWire);
  if (value && typeof value === "object") {
    if (typeof value.$bytes === "string") return Buffer.from(value.$bytes, "base64");
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fromWire(item)]));
  }
  return value;
}

function describe(details) {
  if (!details) return null;
  return { message: String(details.message ?? details.description ?? details), context: details.context?.code ?? null };
}

function watchEngine(nsp) {
  const { engine } = manager;
  if (engine.watched) return;
  engine.watched = true;
  engine.on("upgrade", (transport) => report("upgrade", { nsp, transport: transport.name }));
}

function watch(nsp, socket) {
  socket.on("connect", () => {
    report("connect", { nsp, id: socket.id, transport: manager.engine.transport.name, recovered: socket.recovered });
  });
  socket.on("connect_error", (error) => {
    report("connect_error", { nsp, message: error.message, data: toWire(error.data), active: socket.active });
  });
  socket.on("disconnect", (reason, details) => {
    report("disconnect", { nsp, reason, details: describe(details), active: socket.active });
  });
  socket.onAny((event, ...args) => {
    const last = args.at(-1);
    let ack = null;
    if (typeof last === "function") {
      ack = nextAnswer++;
      answers.set(ack, args.pop());
    }
    report("event", { nsp, event, args: toWire(args), ack });
  });
}

const commands = {
  open({ url, options }) {
    manager = new Manager(url, { autoConnect: false, reconnection: false, ...options });
    manager.on("open", () => watchEngine("/"));
    manager.on("close", (reason) => report("close", { reason }));
  },
  connect({ nsp, auth }) {
    let socket = sockets.get(nsp);
    if (!socket) {
      socket = manager.socket(nsp, { auth });
      sockets.set(nsp, socket);
      watch(nsp, socket);
    }
    socket.auth = auth;
    socket.connect();
  },
  emit({ nsp, event, args }) {
    sockets.get(nsp).emit(event, ...fromWire(args));
  },
  call({ nsp, event, args, timeout, id }) {
    const started = performance.now();
    sockets.get(nsp).timeout(timeout * 1000).emit(event, ...fromWire(args), (error, ...values) => {
      const elapsed = (performance.now() - started) / 1000;
      report("ack", { nsp, id, error: error ? error.message : null, values: toWire(values), elapsed });
    });
  },
  answer({ ack, values }) {
    answers.get(ack)(...fromWire(values));
    answers.delete(ack);
  },
  disconnect({ nsp }) {
    sockets.get(nsp).disconnect();
  },
  // Close the Engine.IO connection without a word of Socket.IO.
  drop() {
    manager.engine.close();
  },
  quit() {
    process.exit(0);
  },
};

report("ready", { node: process.version });

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const { command, ...fields } = JSON.parse(line);
  try {
    commands[command](fields);
  } catch (error) {
    report("failed", { command, message: String(error) });
  }
});
lines.on("close", () => process.exit(0));
