/**
 * The live socket: partysocket's reconnecting (for ever, with backoff and jitter) under the live protocol's rules.
 * Hands the protocol's actions for series that match `patterns` to `perform`; after a connection that was refused, `probe` may find out why.
 */
import ReconnectingSocket from "partysocket/ws";
import { LiveProtocol } from "telltale/core/protocol.js";

const LOOK = 200;
/** ms that a new connection is left alone: waking is told by several events at once. */
const FRESH = 1_000;

export function openLink(url, patterns, perform, probe) {
  const protocol = new LiveProtocol(patterns);
  const socket = new ReconnectingSocket(url, undefined, {
    minReconnectionDelay: 400 + Math.random() * 400,
    maxReconnectionDelay: 12_000 + Math.random() * 3_000,
    reconnectionDelayGrowFactor: 1.5,
    connectionTimeout: 5_000,
    minUptime: 3_000,
    maxEnqueuedMessages: 0,
  });
  let tried = -Infinity;
  const reconnect = () => {
    tried = performance.now();
    socket.reconnect();
  };
  const run = (actions) => {
    for (const action of actions) {
      if (action.type === "send") socket.send(action.text);
      else if (action.type === "reconnect") reconnect();
      else perform(action);
    }
  };
  let opened = false;
  socket.addEventListener("open", () => {
    opened = true;
    run(protocol.opened(performance.now()));
  });
  socket.addEventListener("message", (event) => run(protocol.received(event.data, performance.now())));
  socket.addEventListener("close", () => {
    run(protocol.closed());
    if (!opened) probe();
    opened = false;
  });
  setInterval(() => run(protocol.look(performance.now())), LOOK);
  const hurry = () => {
    const waits = protocol.state === "down" && socket.readyState !== socket.OPEN;
    if (waits && performance.now() - tried > FRESH) reconnect();
  };
  addEventListener("online", hurry);
  addEventListener("pageshow", (event) => event.persisted && hurry());
  document.addEventListener("resume", () => {
    run(protocol.woke(performance.now()));
    hurry();
  });
  document.addEventListener("visibilitychange", () => document.hidden || hurry());
  return { follow: (more) => run(protocol.follow(more)) };
}
