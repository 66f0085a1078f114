-- What the tests of sandboxes share.
local ffi = require 'ffi'
local helpers = require 'helpers'
local pipe = require 'pipe'
local stream = require 'stream'
local system = require 'system'
local unix = require 'unix'

ffi.cdef[[
int geteuid(void);
int getegid(void);
]]
is_root = ffi.C.geteuid() == 0
directory = tostring(_FILE):match('(.*)/')
module = directory .. '/_sandboxed.lua'

-- Root inside is who runs the test.
MAP = ([[
    C.write(C.open('/proc/self/setgroups', C.O_WRONLY), 'deny')
    C.write(C.open('/proc/self/uid_map', C.O_WRONLY), '0 %d 1\n')
    C.write(C.open('/proc/self/gid_map', C.O_WRONLY), '0 %d 1\n')
]]):format(ffi.C.geteuid(), ffi.C.getegid())

-- Members of `subprocess` for an actor that runs `code`; what it prints is read from the second result.
function actor(code, options)
    local reader, writer = pipe.pair()
    options = options or {}
    options.stdout = writer:release()
    options.stderr = options.stderr or 'share'
    options.environment = { CODE = code }
    return options, reader
end

-- Starts an actor with this init script. The descriptor of `init.arg` is the caller's.
function start(code, script, options, arg)
    local reader
    options, reader = actor(code, options)
    options.init = script and { script = script, arg = arg }
    local channel = spawn_vm{ module = module, subprocess = options }
    options.stdout:close()
    return channel, reader
end

-- What it printed.
function output(code, script, options, arg)
    local channel, reader = start(code, script, options, arg)
    local text = helpers.drain(reader)
    channel:close()
    return text
end

-- ---- The helpers of the recipes

function spawn_synced(code, script, options)
    local mine, theirs = unix.seqpacket_socket.pair()
    theirs = theirs:release()
    local channel, reader = start(code, script, options, theirs)
    theirs:close()
    return channel, mine, reader
end

local byte = byte_span.new(1)
function take_fd(socket)
    local _, fds = socket:receive_with_fds(byte, 1)
    return fds[1]
end

function fill(fd, text)
    local f = pipe.write_stream.new(fd)
    stream.write_all(f, byte_span.append(text))
    f:close()
end

-- What a system call without a module answers with, for code of actors.
probe = [[
    local ffi = require 'ffi'
    ffi.cdef 'int mkdir(const char*, unsigned); int open(const char*, int, ...); long read(int, void*, size_t); int close(int);'
    function try(name, ...)
        return ffi.C[name](...) >= 0 and 0 or ffi.errno()
    end
    function slurp(path)
        local fd, buffer, parts = ffi.C.open(path, 0), ffi.new('char[4096]'), {}
        if fd < 0 then return 'errno ' .. ffi.errno() end
        while true do
            local n = tonumber(ffi.C.read(fd, buffer, 4096))
            if n <= 0 then break end
            parts[#parts + 1] = ffi.string(buffer, n)
        end
        ffi.C.close(fd)
        return table.concat(parts)
    end
]]
