"""An echo server of Python's websockets: server.py CERT KEY; without TLS if CERT is empty.

It prints where it listens. The first error ends it.
"""

import asyncio
import ssl
import sys

from websockets.exceptions import ConnectionClosedError

# Public up to the current release, and there in every one from 10 on.
from websockets.legacy.server import serve

LIMIT = 110  # seconds


async def main(cert, key):
    context = None
    if cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
    failed = asyncio.get_running_loop().create_future()

    def fail(error):
        if not failed.done():
            failed.set_exception(error)

    async def echo(ws):
        try:
            async for message in ws:
                await ws.send(message)
        except ConnectionClosedError as error:
            # A Close of another code than 1000 or 1001, which is no failure if both sides have sent it.
            if not (error.rcvd and error.sent and error.rcvd.code == error.sent.code):
                fail(error)
        except Exception as error:
            fail(error)

    # The limit is for the frame as it comes: one that does not compress is larger than its message.
    async with serve(echo, "127.0.0.1", 0, ssl=context, max_size=1 << 21) as server:
        host, port = server.sockets[0].getsockname()
        print(f"listening on {host}:{port}", flush=True)
        await asyncio.wait_for(failed, LIMIT)


asyncio.run(main(*sys.argv[1:]))
