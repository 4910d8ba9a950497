"""A client of Python's websockets: client.py visit|stay URL CA deflate|plain.

It prints a line of JSON for each case. What goes wrong ends it with a traceback.
"""

import asyncio
import json
import os
import random
import ssl
import sys

# Public up to the current release, and there in every one from 10 on.
from websockets.legacy.client import WebSocketClientProtocol, connect

LIMIT = 110  # seconds


class Counting(WebSocketClientProtocol):
    """A connection that counts the bytes that came; with TLS, those inside it."""

    wire = 0

    def data_received(self, data):
        self.wire += len(data)
        super().data_received(data)


def tell(case, **what):
    print(json.dumps({"case": case, **what}, separators=(",", ":")), flush=True)


def dial(url, ca, offer, **more):
    if ca:
        more["ssl"] = ssl.create_default_context(cafile=ca)
    compression = "deflate" if offer == "deflate" else None
    # The limit is for the frame as it comes: one that does not compress is larger than its message.
    return connect(url, create_protocol=Counting, compression=compression, max_size=1 << 21, **more)


async def echo(ws, case, message, sent=None):
    """Sends a message, or its fragments, and tells that it came back."""
    before = ws.wire
    await ws.send(message if sent is None else sent)
    back = await ws.recv()
    if type(back) is not type(message) or back != message:
        raise AssertionError(f"{case}: {back[:80]!r} came back for {message[:80]!r}")
    size = len(back.encode()) if isinstance(back, str) else len(back)
    wire = {"wire": ws.wire - before} if case == "compressible" else {}
    tell(case, bytes=size, **wire)


async def visit(url, ca, offer):
    async with dial(url, ca, offer) as ws:
        tell("open", extensions=", ".join(e.name for e in ws.extensions))
        await echo(ws, "text", "Hello, 한글, \U0001F44B, \0!")
        await echo(ws, "binary", bytes(range(256)))
        await echo(ws, "empty text", "")
        await echo(ws, "empty binary", b"")
        await echo(ws, "mebibyte", os.urandom(1 << 20))
        await echo(ws, "compressible", "wsserver" * (1 << 13))
        text = "".join(chr(random.randrange(0xAC00, 0xD7A4)) for _ in range(20_000))
        await echo(ws, "fragments", text, [text[:1], text[1:9000], "", text[9000:]])
        pong = await ws.ping(b"are you there?")
        await pong  # of that Ping: the library compares the payload
        tell("ping")
        await ws.close(3001, "that was all")
        tell("close", code=ws.close_code, reason=ws.close_reason)
    async with dial(url, ca, offer, subprotocols=["chat", "superchat"]) as ws:
        tell("subprotocol", subprotocol=ws.subprotocol or "")


async def stay(url, ca, offer):
    async with dial(url, ca, offer) as ws:
        tell("ready")
        await ws.wait_closed()
        tell("closed", code=ws.close_code, reason=ws.close_reason)


ways = {"visit": visit, "stay": stay}
asyncio.run(asyncio.wait_for(ways[sys.argv[1]](*sys.argv[2:]), LIMIT))
