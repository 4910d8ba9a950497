// An echo server of Node's package ws: server.cjs CERT KEY; without TLS if CERT is empty.
//
// It prints where it listens. The first error ends it.
'use strict'

const fs = require('node:fs')
const http = require('node:http')
const https = require('node:https')
const { WebSocketServer } = require('ws')

const [cert, key] = process.argv.slice(2)
const server = cert
  ? https.createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) })
  : http.createServer()

const sockets = new WebSocketServer({ server, perMessageDeflate: { threshold: 0 } })
sockets.on('connection', (ws) => {
  ws.on('message', (data, binary) => ws.send(data, { binary }))
  ws.on('error', (error) => { throw error })
})

server.listen(0, '127.0.0.1', () => {
  const { address, port } = server.address()
  console.log(`listening on ${address}:${port}`)
})
