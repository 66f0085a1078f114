-- Clocks and memory of the process, and the lines that run.py reads. In emilua a module is its globals; plain LuaJIT
-- gets them as the value returned.
local ffi = require 'ffi'

ffi.cdef [[
typedef struct { long sec, nsec; } measure_time;
int clock_gettime(int clock, measure_time *);
int open(const char *, int, ...);
long read(int, void *, size_t);
int close(int);
]]
local C = ffi.C

local function clock(id)
    local now = ffi.new 'measure_time'
    return function()
        C.clock_gettime(id, now)
        return tonumber(now.sec) * 1e9 + tonumber(now.nsec)
    end
end

wall = clock(1) -- ns
cpu = clock(2)  -- ns, of all threads

-- Resident bytes of the process, page tables included.
function memory()
    local text = ffi.new 'char[8192]'
    local fd = C.open('/proc/self/status', 0)
    local status = ffi.string(text, C.read(fd, text, 8192))
    C.close(fd)
    return (status:match 'VmRSS:%s*(%d+)' + status:match 'VmPTE:%s*(%d+)') * 1024
end

-- A lower value is better. `metric` may contain blanks.
function report(metric, value, unit)
    print(('%s\t%.6g\t%s'):format(metric, value, unit))
end

-- Runs f(count) after a warm-up and reports what one of `count` costs by `clock` (default: cpu).
function cost(metric, count, f, clock)
    clock = clock or cpu
    f(math.ceil(count / 10))
    local start = clock()
    f(count)
    report(metric, (clock() - start) / count, 'ns')
end

return (getfenv(1))
