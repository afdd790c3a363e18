import assert from "node:assert/strict";
import test from "node:test";
import { Connection } from "../connection";

/** A socket that opens and closes when a test says so. */
class FakeSocket extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static last: FakeSocket;
  readyState = FakeSocket.CONNECTING;
  sent: string[] = [];

  constructor() {
    super();
    FakeSocket.last = this;
  }

  send(text: string): void {
    this.sent.push(text);
  }

  becomes(state: number, event: string): void {
    this.readyState = state;
    this.dispatchEvent(new Event(event));
  }
}

const page = Object.assign(new EventTarget(), { hidden: false, setTimeout: () => 1, clearTimeout: () => undefined });
Object.assign(globalThis, { WebSocket: FakeSocket, window: page, document: page, location: { href: "http://here/KEY" } });

function connect(): { connection: Connection; seen: string[] } {
  const seen: string[] = [];
  const connection = new Connection({
    address: () => "/KEY/socket",
    message: () => seen.push("message"),
    opened: () => seen.push("opened"),
    lost: () => seen.push("lost"),
    failed: () => seen.push("failed"),
  });
  return { connection, seen };
}

const eof = { type: "eof", run: "r" } as const;

test("what is sent while the first connection is made goes once it stands", () => {
  const { connection, seen } = connect();
  assert.equal(connection.send(eof), false, "before there is any");
  connection.open();
  assert.ok(connection.send(eof));
  assert.deepEqual(FakeSocket.last.sent, []);
  FakeSocket.last.becomes(FakeSocket.OPEN, "open");
  assert.deepEqual([FakeSocket.last.sent, seen], [[JSON.stringify(eof)], ["opened"]]);
});

test("nothing is kept back while a lost one is made again", () => {
  const { connection, seen } = connect();
  connection.open();
  FakeSocket.last.becomes(3, "close");
  assert.equal(connection.send(eof), false);
  connection.open();
  assert.equal(connection.send(eof), false);
  FakeSocket.last.becomes(FakeSocket.OPEN, "open");
  assert.deepEqual([FakeSocket.last.sent, seen], [[], ["lost", "failed", "opened"]]);
});

test("a connection that stood and broke is no failed try", () => {
  const { connection, seen } = connect();
  connection.open();
  FakeSocket.last.becomes(FakeSocket.OPEN, "open");
  FakeSocket.last.becomes(3, "close");
  assert.deepEqual(seen, ["opened", "lost"]);
});
