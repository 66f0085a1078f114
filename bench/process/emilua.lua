-- /bin/true from spawn to the end of wait, by the clock; the same with 1 GiB of memory in use; 100 children at once with their output.
local ffi = require 'ffi'
local measure = require 'measure'
local pipe = require 'pipe'
local system = require 'system'

ffi.cdef 'void* malloc(size_t); void* memset(void*, int, size_t);'

local at_once = 100

local function spawn_and_wait(count)
    for _ = 1, count do
        system.spawn {
            program = '/bin/true', arguments = { 'true' }, stdin = 'share', stdout = 'share', stderr = 'share',
        }:wait()
    end
end

local function output_of(argument)
    local reader, writer = pipe.pair()
    local fd = writer:release()
    local child = system.spawn {
        program = '/bin/echo', arguments = { 'echo', argument }, stdin = 'share', stdout = fd, stderr = 'share',
    }
    fd:close()
    local size, buffer = 0, byte_span.new(4096)
    while true do
        local ok, n = pcall(reader.read_some, reader, buffer)
        if not ok then break end
        size = size + n
    end
    reader:close()
    child:wait()
    assert(size == #argument + 1)
end

local function collect(count)
    local fibers = {}
    for _ = 1, count, at_once do
        for i = 1, at_once do
            fibers[i] = spawn(function() output_of('line') end)
        end
        for i = 1, at_once do fibers[i]:join() end
    end
end

measure.cost('spawn and wait', 1000, spawn_and_wait, measure.wall)
measure.cost('child of 100 with its output', 1000, collect, measure.wall)
local size = 2 ^ 30
ffi.C.memset(assert(ffi.C.malloc(size)), 1, size)
measure.cost('spawn and wait with 1 GiB', 1000, spawn_and_wait, measure.wall)
