// A client of Node's package ws: client.cjs visit|stay URL CA deflate|plain.
//
// It prints a line of JSON for each case. What goes wrong ends it with an exception.
'use strict'

const assert = require('node:assert/strict')
const crypto = require('node:crypto')
const { once } = require('node:events')
const fs = require('node:fs')
const { WebSocket } = require('ws')

const [way, url, ca, offer] = process.argv.slice(2)

function tell(name, what = {}) {
  console.log(JSON.stringify({ case: name, ...what }))
}

function dial(subprotocols = []) {
  return new WebSocket(url, subprotocols, {
    ca: ca && fs.readFileSync(ca),
    perMessageDeflate: offer === 'deflate' && { threshold: 0 },
  })
}

// echo sends a message and tells that it came back. A text is a string, and a list is the fragments of a text.
async function echo(ws, name, message) {
  const fragments = Array.isArray(message) ? message : [message]
  const text = typeof message === 'string' || Array.isArray(message)
  const want = Buffer.concat(fragments.map((f) => Buffer.from(f)))
  const before = ws._socket.bytesRead
  const answer = once(ws, 'message')
  fragments.forEach((f, i) => ws.send(f, { binary: !text, fin: i === fragments.length - 1 }))
  const [back, binary] = await answer
  assert.equal(binary, !text, name)
  assert.ok(want.equals(back), `${name}: the echo differs`)
  const wire = name === 'compressible' ? { wire: ws._socket.bytesRead - before } : {}
  tell(name, { bytes: back.length, ...wire })
}

async function visit() {
  const ws = dial()
  await once(ws, 'open')
  tell('open', { extensions: ws.extensions })
  await echo(ws, 'text', 'Hello, 한글, \u{1F44B}, \0!')
  await echo(ws, 'binary', Buffer.from([...Array(256).keys()]))
  await echo(ws, 'empty text', '')
  await echo(ws, 'empty binary', Buffer.alloc(0))
  await echo(ws, 'mebibyte', crypto.randomBytes(1 << 20))
  await echo(ws, 'compressible', 'wsserver'.repeat(1 << 13))
  const hangul = Array.from({ length: 20000 }, () => String.fromCharCode(0xac00 + crypto.randomInt(11172)))
  const bytes = Buffer.from(hangul.join(''))
  await echo(ws, 'fragments', [bytes.subarray(0, 1), bytes.subarray(1, 20000), Buffer.alloc(0), bytes.subarray(20000)])

  const pong = once(ws, 'pong')
  ws.ping('are you there?')
  assert.equal(String(await pong), 'are you there?')
  tell('ping')

  const close = once(ws, 'close')
  ws.close(3001, 'that was all')
  const [code, reason] = await close
  tell('close', { code, reason: String(reason) })

  const asking = dial(['chat', 'superchat'])
  const [error] = await Promise.race([once(asking, 'error'), once(asking, 'open')]).catch((e) => [e])
  tell('subprotocol', error instanceof Error ? { refused: error.message } : { subprotocol: asking.protocol })
  asking.terminate()
}

async function stay() {
  const ws = dial()
  await once(ws, 'open')
  const close = once(ws, 'close')
  tell('ready')
  const [code, reason] = await close
  tell('closed', { code, reason: String(reason) })
}

const ways = { visit, stay }
ways[way]()
