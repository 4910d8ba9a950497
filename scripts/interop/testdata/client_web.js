// A client of the WebSocket that browsers have (https://websockets.spec.whatwg.org/), and Node too. Node runs it as
// client_web.js visit|stay URL; a page calls run.
//
// It tells a line of JSON for each case. What goes wrong rejects what run returns.
'use strict'

// next is the next event of one of those kinds. No other is missed while it is not waited for: the cases are so made
// that none comes then.
function next(target, ...kinds) {
  return new Promise((resolve) => kinds.forEach((k) => target.addEventListener(k, resolve, { once: true })))
}

async function open(url, subprotocols = []) {
  const ws = new WebSocket(url, subprotocols)
  ws.binaryType = 'arraybuffer'
  const { type } = await next(ws, 'open', 'error') // not every version closes after its error
  return { ws, ok: type === 'open' }
}

async function mustOpen(url) {
  const { ws, ok } = await open(url)
  if (!ok) throw new Error(`cannot open ${url}`)
  return ws
}

function bytesOf(message) {
  return typeof message === 'string' ? new TextEncoder().encode(message) : new Uint8Array(message)
}

// echo sends a message and returns that it came back.
async function echo(ws, name, message) {
  const answer = next(ws, 'message', 'close')
  ws.send(message)
  const { type, data, code } = await answer
  if (type === 'close') throw new Error(`${name}: closed with ${code}`)
  if (typeof data !== (typeof message === 'string' ? 'string' : 'object')) throw new Error(`${name}: a ${typeof data}`)
  const want = bytesOf(message)
  const back = bytesOf(data)
  if (want.length !== back.length || want.some((b, i) => b !== back[i])) throw new Error(`${name}: the echo differs`)
  return { case: name, bytes: back.length }
}

function randomBytes(n) {
  const bytes = new Uint8Array(n)
  for (let i = 0; i < n; i += 65536) crypto.getRandomValues(bytes.subarray(i, i + 65536)) // its limit
  return bytes
}

async function visit(url, tell) {
  const ws = await mustOpen(url)
  await tell({ case: 'open', extensions: ws.extensions })
  await tell(await echo(ws, 'text', 'Hello, 한글, \u{1F44B}, \0!'))
  await tell(await echo(ws, 'binary', Uint8Array.from(Array(256).keys())))
  await tell(await echo(ws, 'empty text', ''))
  await tell(await echo(ws, 'empty binary', new Uint8Array(0)))
  await tell(await echo(ws, 'mebibyte', randomBytes(1 << 20)))
  await tell(await echo(ws, 'compressible', 'wsserver'.repeat(1 << 13)))
  const close = next(ws, 'close')
  ws.close(3001, 'that was all')
  const { code, reason } = await close
  await tell({ case: 'close', code, reason })

  const asking = await open(url, ['chat', 'superchat'])
  if (asking.ok) await tell({ case: 'subprotocol', subprotocol: asking.ws.protocol })
  else await tell({ case: 'subprotocol', refused: 'it failed' }) // the reason is not for pages to know
  asking.ws.close()
}

async function stay(url, tell) {
  const ws = await mustOpen(url)
  const close = next(ws, 'close')
  await tell({ case: 'ready' })
  const { code, reason } = await close
  await tell({ case: 'closed', code, reason })
}

function run(way, url, tell) {
  return { visit, stay }[way](url, tell)
}

if (typeof process !== 'undefined') {
  run(process.argv[2], process.argv[3], (line) => console.log(JSON.stringify(line)))
}
