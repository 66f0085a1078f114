# The chat server of doc/examples with foreign clients.
#@ timeout 120
import asyncio
import pathlib
import random
import socket
import struct
import time

import _program
from _program import EMILUA, SLOW, end

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SERVER = ROOT / 'doc/examples/chat-server.lua'


class Client:
    """Knows its name from the welcome. `said` is what it has sent, as the others see it."""

    @staticmethod
    async def connect(*address, **options):
        self = Client()
        self.reader, self.writer = await asyncio.open_connection(*address, **options)
        self.name = (await self.reader.readline()).removeprefix(b'Welcome, ').removesuffix(b'!\n')
        assert self.name.startswith(b'guest'), self.name
        self.said = []
        return self

    async def say(self, *lines):
        for line in lines:
            self.said.append(self.name + b': ' + line + b'\n')
            self.writer.write(line + b'\n')
        await self.writer.drain()

    async def hear(self, lines):
        expected = b''.join(lines)
        got = await self.reader.readexactly(len(expected))
        assert got == expected, (self.name, got[:200], expected[:200])

    async def leave(self):
        """All that the server sent has been heard: only the end is left."""
        self.writer.write_eof()
        rest = await self.reader.read()
        assert rest == b'', (self.name, rest[:200])
        await self.close()

    async def close(self):
        self.writer.close()
        await self.writer.wait_closed()


class Chat:
    """A running server. It must end by itself, without a word on stderr."""

    def __init__(self, *arguments):
        self.arguments = arguments

    async def __aenter__(self):
        self.process = await asyncio.create_subprocess_exec(
            EMILUA, SERVER, '0', *self.arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        self.port = int(await self.process.stdout.readline())
        return self

    async def __aexit__(self, kind, *_):
        if kind:
            self.process.kill()
        out, err = await self.process.communicate()
        if not kind:
            assert (self.process.returncode, out, err) == (0, b'', b''), (self.process.returncode, out, err)

    def connect(self):
        return Client.connect('127.0.0.1', self.port)

    async def connect_slow(self):
        """Somebody with small buffers, so that the server has to wait."""
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.setblocking(False)
        await asyncio.get_running_loop().sock_connect(s, ('127.0.0.1', self.port))
        return await Client.connect(sock=s, limit=1024)


def case(name):
    return lambda f: _program.case(name)(lambda: asyncio.run(asyncio.wait_for(f(), 60 * SLOW)))


def by(client, lines):
    return [line for line in lines if line.startswith(client.name + b': ')]


@case('chat server: 200 clients at once, everybody hears every byte of the others, in one order')
async def _():
    rng = random.Random(200)
    alphabet = bytes(set(range(256)) - {10})
    async with Chat() as chat:
        clients = [await chat.connect() for _ in range(200)]
        witness, *speakers = clients
        speech = [[bytes(rng.choices(alphabet, k=rng.randrange(40))) for _ in range(8)] for _ in speakers]

        async def speak(client, lines):
            for line in lines:
                await client.say(line)
                await asyncio.sleep(rng.random() / 50)

        speaking = asyncio.gather(*map(speak, speakers, speech))
        everything = [await witness.reader.readline() for _ in range(199 * 8)]
        await speaking
        for client in speakers:
            assert by(client, everything) == client.said, client.name
        for client in clients:
            own = set(client.said)
            await client.hear([line for line in everything if line not in own] if client is not witness else [])
        for client in clients:
            await client.leave()


@case('chat server: lines that arrive in pieces, many in one piece, empty and longest ones')
async def _():
    async with Chat() as chat:
        a, b = await chat.connect(), await chat.connect()
        for byte in b'one by one\n':
            a.writer.write(bytes([byte]))
            await a.writer.drain()
            await asyncio.sleep(0.002)
        await b.hear([b'guest1: one by one\n'])
        await a.say(b'', b'\0\xff\r', b'x' * 4095, b'', *[b'%d' % i for i in range(2000)])
        await b.hear(a.said)
        a.writer.write(b'y' * 4096)         # too long: the server hangs up
        assert await a.reader.read() == b''
        await a.close()
        await b.leave()


@case('chat server: a client that disappears in the middle of a line leaves nothing behind')
async def _():
    async with Chat() as chat:
        a, b, c, d = [await chat.connect() for _ in range(4)]
        a.writer.write(b'whole\nhal')
        await a.writer.drain()
        a.writer.write_eof()
        assert await a.reader.read() == b''
        c.writer.write(b'hal')
        await c.writer.drain()
        c.writer.get_extra_info('socket').setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        c.writer.transport.abort()          # a reset
        await b.say(b'still here')
        await d.hear([b'guest1: whole\n', b'guest2: still here\n'])
        await b.hear([b'guest1: whole\n'])
        for client in a, c:
            client.writer.close()
        await b.leave()
        await d.leave()


@case('chat server: a slow reader misses nothing and slows down nobody')
async def _():
    async with Chat() as chat:
        slow, a, b = await chat.connect_slow(), await chat.connect(), await chat.connect()
        block = [b'%d' % i * 500 for i in range(1000)]      # 1.4 MB: more than fits into all those buffers
        listening = asyncio.create_task(b.hear([b'guest2: %s\n' % line for line in block]))
        await a.say(*block)
        await listening
        await slow.hear(a.said)
        for client in slow, a, b:
            await client.leave()


@case('chat server: who never reads is dropped when too much waits for it')
async def _():
    async with Chat() as chat:
        deaf, a, b = await chat.connect_slow(), await chat.connect(), await chat.connect()
        for _ in range(20):                 # 16 MB; b must not fall behind itself
            await a.say(*[b'x' * 4000] * 200)
            await b.hear(a.said[-200:])
        got = 0
        try:
            while data := await deaf.reader.read(1 << 16):
                got += len(data)
        except ConnectionError:
            pass
        assert got < 14_000_000, got
        deaf.writer.close()
        await a.leave()
        await b.leave()


@case('chat server: an idle client is thrown out, a talking one stays')
async def _():
    async with Chat(str(1.5 * SLOW)) as chat:
        talker, idle = await chat.connect(), await chat.connect()

        async def talk():
            for i in range(15):
                await talker.say(b'%d' % i)
                await asyncio.sleep(0.2 * SLOW)

        start = time.monotonic()
        talking = asyncio.create_task(talk())
        heard = await idle.reader.read(-1)
        assert 1.4 * SLOW < time.monotonic() - start < 10 * SLOW, time.monotonic() - start
        await talking
        assert heard and b''.join(talker.said).startswith(heard), heard
        await idle.close()
        await talker.leave()


@case('chat server: it ends when the last of several clients has left, and not before')
async def _():
    async with Chat() as chat:
        last = await chat.connect()
        for _ in range(5):
            previous, last = last, await chat.connect()
            await previous.leave()
        assert chat.process.returncode is None
        crowd = [last] + [await chat.connect() for _ in range(20)]
        await asyncio.gather(*(client.leave() for client in crowd))


@case('chat server: idle timeouts of all clients end it, too')
async def _():
    async with Chat(str(SLOW)) as chat:
        clients = [await chat.connect() for _ in range(20)]
        for client in clients:
            assert await client.reader.read() == b''
            await client.close()


end()
