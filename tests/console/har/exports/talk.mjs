// A small conversation with the demo app, in Node or in a page: each transport, binary, acks both ways, a refusal.
// `talk(io, url, transports)` is what was said while each of the exports here was made.

const wait = (socket, event) => new Promise((done) => socket.once(event, (...args) => done(args)));

export async function talk(io, url, transports) {
  const open = (name, more) => io(url, { auth: { name, token: "t0psecret" }, forceNew: true, reconnection: false, ...more });
  const alice = open("alice", { transports: transports ?? ["websocket"] });
  await wait(alice, "connect");
  const bob = open("bob", { transports: transports ?? ["polling"] });
  await wait(bob, "connect");
  const carol = open("carol", transports ? { transports } : {});
  await wait(carol, "connect");
  if (carol.io.engine.transport.name === "polling" && !transports) await new Promise((done) => carol.io.engine.once("upgrade", done));
  const mallory = open("mallory", { transports: transports ?? ["websocket"] });
  await wait(mallory, "connect_error");
  const heard = wait(bob, "private message");
  alice.emit("private message", bob.id, "hi bob");
  await heard;
  const news = wait(carol, "message");
  bob.emit("message", "lobby", "hello to all, ü and \u{1f600}");
  await news;
  await alice.emitWithAck("upload", new Uint8Array([0, 1, 254, 255]));
  await bob.emitWithAck("upload", new Uint8Array([104, 105, 128]));
  await carol.emitWithAck("rename", { status: "away" });
  carol.disconnect();
  bob.disconnect();
  alice.disconnect();
  mallory.close();
  await new Promise((done) => setTimeout(done, 300));
}
