'use strict';
// A rival of the benchmark: what a maker would write by hand with ws and better-sqlite3.
// One INSERT a reading, an ack per message, a relay to the dashboards. A batch is one transaction ("together"),
// or each of its readings is one ("each"), as it is when nobody thinks of it.
// usage: node server.js PORT DATABASE FULL|NORMAL [together|each]

const http = require('node:http');
const Database = require('better-sqlite3');
const { WebSocketServer } = require('ws');

const [port, file, synchronous, commits = 'together'] = process.argv.slice(2);

const db = new Database(file);
db.pragma('journal_mode = WAL');
db.pragma(`synchronous = ${synchronous}`);
db.exec(`
  CREATE TABLE IF NOT EXISTS readings (
    id INTEGER PRIMARY KEY,
    device TEXT NOT NULL,
    metric TEXT NOT NULL,
    ts INTEGER NOT NULL,
    value REAL NOT NULL
  );
  CREATE INDEX IF NOT EXISTS readings_by_series ON readings (device, metric, ts);
`);
const insert = db.prepare('INSERT INTO readings (device, metric, ts, value) VALUES (?, ?, ?, ?)');
const count = db.prepare('SELECT count(*) FROM readings').pluck();

function store(device, readings) {
  for (const { ts, values } of readings) {
    for (const metric in values) insert.run(device, metric, ts, values[metric]);
  }
}
const storeAll = db.transaction(store);

const dashboards = new Set();

function relay(device, readings) {
  if (dashboards.size === 0) return;
  const rows = [];
  for (const { ts, values } of readings) {
    for (const metric in values) rows.push([`${device}/${metric}`, ts, values[metric]]);
  }
  const text = JSON.stringify({ readings: rows });
  for (const dashboard of dashboards) dashboard.send(text);
}

const server = http.createServer((request, response) => {
  if (request.url === '/healthz') return response.end('ok\n');
  if (request.url === '/about') {
    const { node, v8 } = process.versions;
    const sqlite = db.prepare('SELECT sqlite_version()').pluck().get();
    const { dependencies } = require('./package.json');
    return response.end(JSON.stringify({ stored: count.get(), versions: { node, v8, sqlite, ...dependencies } }));
  }
  response.statusCode = 404;
  response.end();
});

const sockets = new WebSocketServer({ server, maxPayload: 256 * 1024 });
sockets.on('connection', (socket, request) => {
  const url = new URL(request.url, 'http://localhost');
  socket.on('error', () => socket.terminate());
  if (url.pathname === '/ws/live') {
    dashboards.add(socket);
    socket.on('close', () => dashboards.delete(socket));
    socket.on('message', (data) => socket.send(JSON.stringify({ id: JSON.parse(data).id, ok: true })));
    return;
  }
  const device = url.searchParams.get('device');
  socket.on('message', (data) => {
    const { id, readings } = JSON.parse(data);
    if (readings.length === 1 || commits === 'each') store(device, readings);
    else storeAll(device, readings);
    socket.send(JSON.stringify({ ack: id }));
    relay(device, readings);
  });
});

process.on('SIGTERM', () => {
  db.close();
  process.exit(0);
});
server.listen(Number(port), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
