# TCP, UDP and name resolution with foreign peers (05 §1, §3).
import os
import shutil
import socket
import struct
import subprocess
import threading
import time

from _program import case, end, finish, start


def connect(process):
    """To the port that the program prints."""
    return socket.create_connection(('127.0.0.1', int(process.stdout.readline())), timeout=10)


def receive_all(s):
    chunks = []
    while chunk := s.recv(1 << 16):
        chunks.append(chunk)
    return b''.join(chunks)


LISTEN = '''
require 'test' -- makes stdout line-buffered
local ip = require 'ip'
local acceptor = ip.tcp.acceptor.new()
acceptor:open('v4')
acceptor:bind('127.0.0.1', 0)
acceptor:listen()
print(acceptor.local_port)
'''

ECHO = LISTEN + '''
local function echo(peer)
    local b = byte_span.new(4096)
    while true do
        local ok, n = pcall(peer.read_some, peer, b)
        if not ok then break end
        local rest = b:slice(1, n)
        while #rest > 0 do
            local written = peer:write_some(rest)
            rest = rest:slice(written + 1)
        end
    end
    peer:close()
end
for _ = 1, %d do
    local peer = acceptor:accept()
    spawn(function() echo(peer) end):detach()
end
acceptor:close()
'''


@case('05.24 a fiber in accept keeps the process running after the main fiber')
def _():
    process = start(LISTEN + '''
        spawn(function()
            acceptor:accept()
            print('served')
        end):detach()
    ''')
    with connect(process):
        assert finish(process) == 'served\n'


@case('05.12 200 connections at once')
def _():
    process = start(ECHO % 200)
    first = connect(process)
    sockets = [first] + [socket.create_connection(first.getpeername(), timeout=10) for _ in range(199)]
    for i, s in enumerate(sockets):
        s.sendall(b'%d\n' % i * 100)
    for s in sockets:
        s.shutdown(socket.SHUT_WR)
    for i, s in enumerate(sockets):
        assert receive_all(s) == b'%d\n' % i * 100
        s.close()
    finish(process)


@case('05.30 half close by the peer: all comes back')
def _():
    process = start(ECHO % 1)
    data = os.urandom(5_000_000)
    with connect(process) as s:
        threading.Thread(target=lambda: (s.sendall(data), s.shutdown(socket.SHUT_WR))).start()
        assert receive_all(s) == data
    finish(process)


@case('05.30 half close by us: the peer sees the end, and answers')
def _():
    process = start(LISTEN + '''
        local peer = acceptor:accept()
        peer:shutdown('send')
        local b = byte_span.new(10)
        print(b:slice(1, peer:read_some(b)))
        for _ = 1, 2 do
            local ok, e = pcall(peer.read_some, peer, b)
            print(e)
        end
    ''')
    with connect(process) as s:
        assert s.recv(1) == b''
        s.sendall(b'answer')
        s.shutdown(socket.SHUT_WR)
        assert finish(process) == 'answer\nEnd of file\nEnd of file\n'


@case('05.29 reset by the peer')
def _():
    process = start(LISTEN + '''
        local peer = acceptor:accept()
        for _ = 1, 3 do
            local ok, e = pcall(peer.read_some, peer, byte_span.new(1))
            print(e)
        end
        local ok, e = pcall(peer.write_some, peer, byte_span.new(1))
        print(e)
    ''')
    with connect(process) as s:
        time.sleep(0.05)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    assert finish(process) == 'Connection reset by peer\nEnd of file\nEnd of file\nBroken pipe\n'


@case('05.12 nc as the client')
def _():
    if not shutil.which('nc'):
        return 'no nc'
    process = start(ECHO % 1)
    port = process.stdout.readline().strip()
    result = subprocess.run(['nc', '-N', '127.0.0.1', port], input=b'hello\n', capture_output=True, timeout=10)
    assert result.stdout == b'hello\n', result
    finish(process)


@case('05.69 our client, a foreign server, by name')
def _():
    with socket.create_server(('127.0.0.1', 0)) as server:
        process = start(f'''
            local ip = require 'ip'
            local s = ip.tcp.socket.new()
            print(ip.connect(s, ip.tcp.get_address_info('localhost', {server.getsockname()[1]})))
            local b, total = byte_span.new(1000), 0
            while true do
                local ok, n = pcall(s.read_some, s, b)
                if not ok then break end
                total = total + n
            end
            print(total)
        ''')
        with server.accept()[0] as s:
            s.sendall(b'x' * 3_000_000)
    assert finish(process).splitlines()[1] == '3000000'


@case('05.71 UDP with a foreign peer')
def _():
    with socket.socket(type=socket.SOCK_DGRAM) as s:
        s.bind(('127.0.0.1', 0))
        s.settimeout(10)
        process = start(f'''
            local ip = require 'ip'
            local u = ip.udp.socket.new()
            u:open('v4')
            u:send_to(byte_span.append('ping'), ip.address.loopback_v4(), {s.getsockname()[1]})
            local b = byte_span.new(100)
            local n, from, port = u:receive_from(b)
            print(b:slice(1, n), from, port == {s.getsockname()[1]})
        ''')
        data, sender = s.recvfrom(100)
        assert data == b'ping'
        s.sendto(b'pong', sender)
        assert finish(process) == 'pong\t127.0.0.1\ttrue\n'


@case('05.14 a VM that closes with operations in flight ends at once')
def _():
    process = start(LISTEN + '''
        local c = ip.tcp.socket.new()
        c:connect(acceptor.local_address, acceptor.local_port)
        for _ = 1, 3 do
            spawn(function() pcall(acceptor.accept, acceptor) print('not reached') end):detach()
            spawn(function() pcall(c.read_some, c, byte_span.new(9)) print('not reached') end):detach()
            spawn(function() pcall(ip.tcp.get_address_info, 'name.invalid', 80) end):detach()
        end
        acceptor:accept()
        error(true)
    ''', stderr=subprocess.DEVNULL)
    process.stdout.readline()
    assert process.communicate(timeout=5)[0] == ''
    assert process.returncode == 1


@case('05.55 a stuck name server blocks neither fibers nor an interruption nor the exit')
def _():
    if os.geteuid() != 0 or not shutil.which('unshare'):
        return 'needs root'
    with socket.socket(type=socket.SOCK_DGRAM) as silent:
        silent.bind(('127.0.0.97', 53))
        with open('resolv.conf', 'w') as f:
            f.write('nameserver 127.0.0.97\noptions timeout:30\n')
        if subprocess.run(['unshare', '-m', 'mount', '--bind', 'resolv.conf', '/etc/resolv.conf']).returncode:
            return 'no mount namespace'
        process = start('''
            local ip, time = require 'ip', require 'time'
            local function look_up() ip.tcp.get_address_info('www.example.org', 80) end
            local fibers = {}
            for i = 1, 20 do fibers[i] = spawn(look_up) end     -- more than threads
            time.sleep(0.2)
            fibers[1]:interrupt()
            fibers[1]:join()
            print(fibers[1].interruption_caught, fibers[2].joinable)
            for i = 2, 20 do fibers[i]:interrupt() fibers[i]:join() end
            print('done')
        ''', 'unshare', '-m', 'sh', '-c', 'mount --bind resolv.conf /etc/resolv.conf && exec "$0" "$@"')
        assert silent.recv(1000)
        assert finish(process, seconds=5) == 'true\ttrue\ndone\n'


end()
