# UNIX sockets with foreign peers: Python and socat (05 §4).
import array
import functools
import os
import shutil
import socket
import subprocess

import _program
from _program import case, end, finish

PRELUDE = '''
require 'test' -- makes stdout line-buffered
local unix, pipe, filesystem = require 'unix', require 'pipe', require 'filesystem'
local path, bytes = filesystem.path.new, byte_span.append
local buffer = byte_span.new(100)
'''
start = functools.partial(_program.start, prelude=PRELUDE)


def listener(kind, name):
    s = socket.socket(socket.AF_UNIX, kind)
    s.settimeout(10)
    s.bind(name)
    if kind != socket.SOCK_DGRAM:
        s.listen()
    return s


def receive_fds(s, maximum=10):
    data, control, _, _ = s.recvmsg(100, socket.CMSG_SPACE(4 * maximum))
    fds = array.array('i')
    for level, kind, content in control:
        assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
        fds.frombytes(content[:len(content) - len(content) % 4])
    return data, list(fds)


def send_fds(s, data, fds):
    s.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))])


@case('05.83 Python receives our descriptors')
def _():
    for name, kind in ('stream', socket.SOCK_STREAM), ('seqpacket', socket.SOCK_SEQPACKET):
        server = listener(kind, f'to-{name}')
        process = start(f'''
            local s = unix.{name}_socket.new()
            s:connect(path 'to-{name}')
            local r, w = pipe.pair()
            s:send_with_fds(bytes 'an end of a pipe', {{ w:release() }})
            print(buffer:slice(1, r:read_some(buffer)))
        ''')
        peer, _ = server.accept()
        data, fds = receive_fds(peer)
        assert data == b'an end of a pipe' and len(fds) == 1
        os.write(fds[0], b'from Python')
        os.close(fds[0])
        assert finish(process) == 'from Python\n'
        server.close()


@case('05.84 05.88 we receive descriptors of Python, no more than wanted')
def _():
    process = start('''
        local acceptor = unix.stream_acceptor.new()
        acceptor:open()
        acceptor:bind(path 'ours')
        acceptor:listen()
        print('ready')
        local s = acceptor:accept()
        local n, fds = s:receive_with_fds(buffer, 2)
        print(n, #fds)
        for i, fd in ipairs(fds) do
            local w = pipe.write_stream.new(fd)
            w:write_some(bytes('pipe ' .. i))
            w:close()
        end
        print(s:read_some(buffer))
        print(s:get_option('remote_credentials').pid)
        s:write_some(bytes 'done')
        s:read_some(buffer)
    ''')
    assert process.stdout.readline() == 'ready\n'
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.settimeout(10)
        s.connect('ours')
        pipes = [os.pipe() for _ in range(4)]
        send_fds(s, b'three', [w for _, w in pipes[:3]])
        send_fds(s, b'dropped', [pipes[3][1]])
        for _, w in pipes:
            os.close(w)
        assert s.recv(10) == b'done'
        # All of them are closed in the other program, which still runs.
        assert [os.read(r, 10) + os.read(r, 10) for r, _ in pipes] == [b'pipe 1', b'pipe 2', b'', b'']
        s.sendall(b'x')
        assert finish(process) == f'5\t2\n7\n{os.getpid()}\n'


@case('05.83 253 descriptors in one message, many times')
def _():
    server = listener(socket.SOCK_SEQPACKET, 'many')
    process = start('''
        local s = unix.seqpacket_socket.new()
        s:connect(path 'many')
        for i = 1, 50 do
            local n, fds = s:receive_with_fds(buffer, 255)
            assert(#fds == 253)
            assert(s:send_with_fds(buffer:slice(1, n), fds) == n)
            for _, fd in ipairs(fds) do fd:close() end
        end
    ''')
    peer, _ = server.accept()
    r, w = os.pipe()
    for i in range(50):
        send_fds(peer, b'%d' % i, [w] * 253)
        data, fds = receive_fds(peer, 253)
        assert data == b'%d' % i and len(fds) == 253
        for fd in fds:
            os.close(fd)
    finish(process)


@case('05.81 05.82 datagrams with Python')
def _():
    server = listener(socket.SOCK_DGRAM, 'datagrams')
    process = start('''
        local s = unix.datagram_socket.new()
        s:open()
        s:bind(path 'ours-datagram')
        s:send_to(bytes 'hello', path 'datagrams')
        print(s:receive_from(buffer))
        local n, from, fds = s:receive_from_with_fds(buffer, 1)
        print(n, from, #fds)
        print(s:receive(buffer))
        fds[1]:close()
    ''')
    data, sender = server.recvfrom(100)
    assert (data, sender) == (b'hello', 'ours-datagram')
    server.sendto(b'answer', sender)
    r, w = os.pipe()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unnamed:
        unnamed.connect(sender)
        send_fds(unnamed, b'with fd', [w])
        unnamed.send(b'')
    assert finish(process) == '6\tdatagrams\n7\tnil\t1\n0\n'


@case('05.76 abstract names with Python')
def _():
    name = '\0emilua-test-%d' % os.getpid()
    server = listener(socket.SOCK_STREAM, name)
    process = start('''
        local s = unix.stream_socket.new()
        s:connect(path('\\0emilua-test-%d'))
        print(#tostring(s.remote_path))
        s:write_some(bytes 'x')
    ''' % os.getpid())
    peer, _ = server.accept()
    assert peer.recv(10) == b'x'
    assert finish(process) == f'{len(name)}\n'


@case('05.29 a reset by the peer')
def _():
    server = listener(socket.SOCK_STREAM, 'reset')
    process = start('''
        local s = unix.stream_socket.new()
        s:connect(path 'reset')
        s:write_some(bytes 'unread')
        for _ = 1, 3 do
            local ok, e = pcall(s.read_some, s, buffer)
            print(e)
        end
    ''')
    peer, _ = server.accept()
    peer.recv(1, socket.MSG_PEEK)
    peer.close()
    assert finish(process) == 'Connection reset by peer\nEnd of file\nEnd of file\n'


@case('05.30 socat copies through our stream socket')
def _():
    if not shutil.which('socat'):
        return 'no socat'
    process = start('''
        local acceptor = unix.stream_acceptor.new()
        acceptor:open()
        acceptor:bind(path 'echo')
        acceptor:listen()
        print('ready')
        local s = acceptor:accept()
        pcall(function()
            while true do
                local rest = buffer:slice(1, s:read_some(buffer))
                while #rest > 0 do rest = rest:slice(s:write_some(rest) + 1) end
            end
        end)
    ''')
    assert process.stdout.readline() == 'ready\n'
    data = os.urandom(1_000_000)
    out = subprocess.run(['socat', '-t5', '-', 'UNIX-CONNECT:echo'], input=data, capture_output=True, timeout=20)
    assert out.stdout == data, out.stderr
    finish(process)


@case('05.13 a pipe to and from another program')
def _():
    os.mkfifo('fifo')
    process = start('''
        local ffi = require 'ffi'
        ffi.cdef 'int open(const char* path, int flags, ...); int dup2(int, int); int close(int);'
        local r, w = pipe.pair()
        w:close()
        local fd = r:release()
        local n = ffi.C.open('fifo', 0)
        ffi.C.dup2(n, tonumber(tostring(fd):match '%d+$'))
        ffi.C.close(n)
        r:assign(fd)
        local ok, e = pcall(function() while true do print(buffer:slice(1, r:read_some(buffer))) end end)
        print(e)
    ''')
    with open('fifo', 'wb', buffering=0) as f:
        f.write(b'one')
        assert process.stdout.readline() == 'one\n'
        f.write(b'two')
    assert finish(process) == 'two\nEnd of file\n'


end()
