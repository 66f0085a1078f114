-- stream.scanner: records and fields of a read stream (04 §3).
--
-- A scanner is the table of its options. What it keeps there beside them, offsets count from 0:
--     buffer_            byte_span over all of the buffer
--     begin_             where buffered data begin, the current record included
--     record_end_        end of the current record, which begins at begin_; false: there is none
--     rest_, end_        data that are not yet a record
--     records_, found_   records found in the rest already, and how many: one native call finds many. Views of them,
--                        or their sizes where the program wants fields
--     taken_             how many of them have been delivered
--     separator_         what they were found with
--     fields_            how many fields the last record had, about: the next one may have as many
local regex, native = ...

local type, pcall, error, setmetatable, floor, max, min =
    type, pcall, error, setmetatable, math.floor, math.max, math.min
local find_records, find_match, split, move, new_buffer =
    native.find_records, native.find_match, native.split, native.move, native.new_buffer
local is_regex, is_eof, raise_invalid, raise_message_size, raise_argument =
    native.is_regex, native.is_eof, native.raise_invalid, native.raise_message_size, native.raise_argument
local patsplit = regex.patsplit

local default_buffer_size = 4096

local scanner, methods = {}, {}
scanner.mt = { __index = methods }

-- The record that begins at rest_ becomes the current one.
local function deliver(self, record_end, rest, terminator)
    self.begin_, self.record_end_, self.rest_ = self.rest_, record_end, rest
    self.record_terminator = terminator
    self.record_number = self.record_number + 1
end

local function view(self, from, to)
    return self.buffer_:slice(from + 1, to)
end

-- What get_line() returns of the current record; `record` is a view of it if there is one already.
local function result(self, record)
    local separator, trim = self.field_separator, self.trim_record
    if separator and type(separator) ~= 'function' then
        local fields = split(self.buffer_, self.begin_, self.record_end_, trim, separator, self.fields_)
        if fields then
            self.fields_ = min(#fields, 100)
            return fields
        end
    end
    record = record or view(self, self.begin_, self.record_end_)
    if trim == true then
        record = record:trimmed()
    elseif trim then
        record = record:trimmed(trim)
    end
    if separator then
        return separator(record)
    end
    local pattern = self.field_pattern
    if pattern then
        return patsplit(pattern, record)
    end
    return record
end

-- Drops the current record and what was found beyond it.
local function forget(self)
    self.begin_, self.record_end_ = self.rest_, false
    self.found_, self.taken_ = 0, 0
end

-- Returns a view of the record if there is one.
local function take_found(self, i, separator)
    local record, record_end = self.records_[i], self.rest_
    if type(record) == 'number' then
        record, record_end = nil, record_end + record
    else
        record_end = record_end + #record
    end
    self.taken_ = i
    deliver(self, record_end, record_end + #separator, separator)
    return record
end

-- Delivers the next record if the buffer has all of it; bytes before `scanned` begin no separator. Returns whether it
-- has, and a view of the record if there is one.
local function next_buffered(self, separator, scanned)
    if type(separator) == 'string' then
        local found = find_records(self.buffer_, self.rest_, scanned, self.end_, separator, self.records_,
            self.field_separator)
        if found > 0 then
            self.found_, self.separator_ = found, separator
            return true, take_found(self, 1, separator)
        end
    else
        local from, to = find_match(self.buffer_, self.rest_, self.end_, separator)
        if from then
            deliver(self, from, to, view(self, from, to))
            return true
        end
    end
    return false
end

-- Room at the end of the buffer, there is no current record.
local function make_room(self)
    local buffer, begin = self.buffer_, self.begin_
    local pending, capacity = self.end_ - begin, buffer.capacity
    if begin > 0 then
        move(buffer, begin, self.end_)
        self.begin_, self.rest_, self.end_ = 0, 0, pending
    end
    if pending == capacity then
        local limit = self.max_record_size
        if capacity >= limit and capacity > 0 then
            raise_message_size()
        end
        local size = capacity == 0 and self.initial_size_ or min(2 * capacity, limit)
        self.buffer_ = new_buffer(size)
        self.buffer_:copy(buffer)
    end
end

-- Reads once. False at the end of the stream.
local function read(self)
    local stream, tail = self.stream, view(self, self.end_, self.buffer_.capacity)
    local ok, n = pcall(stream.read_some, stream, tail)
    if not ok then
        if is_eof(n) then
            return false, n
        end
        error(n, 0)
    end
    if type(n) ~= 'number' or not (n >= 0 and n <= #tail) then
        raise_invalid('stream')
    end
    self.end_ = self.end_ + floor(n)
    return true
end

local function next_record(self, separator)
    forget(self)
    local is_string = type(separator) == 'string'
    if separator == '' or not is_string and not is_regex(separator) then
        raise_invalid('record_separator')
    end
    local scanned = self.rest_
    while true do
        local found, record = next_buffered(self, separator, scanned)
        if found then
            return record
        end
        make_room(self)
        scanned = is_string and max(self.rest_, self.end_ - #separator + 1) or self.rest_
        local ok, eof = read(self)
        if not ok then
            if self.rest_ == self.end_ then
                error(eof, 0)
            end
            deliver(self, self.end_, self.end_, is_string and '' or view(self, self.end_, self.end_))
            return
        end
    end
end

function methods:get_line()
    local separator, i = self.record_separator, self.taken_ + 1
    if i <= self.found_ and separator == self.separator_ then
        return result(self, take_found(self, i, separator))
    end
    return result(self, next_record(self, separator))
end

function methods:buffered_line()
    local record_end = self.record_end_
    if not record_end then
        error('no current record', 2)
    end
    return view(self, self.begin_, record_end)
end

function methods:remove_line()
    self.begin_, self.record_end_ = self.rest_, false
    self.record_terminator = nil
end

function methods:buffer()
    -- The program may write to it: what was found does not hold any more.
    self.found_, self.taken_ = 0, 0
    return view(self, 0, self.end_), self.begin_ + 1
end

function methods:set_buffer(buffer, offset)
    if getmetatable(buffer) ~= 'byte_span' then
        raise_argument(2)
    end
    buffer = buffer:slice(offset)
    self.buffer_, self.rest_, self.end_ = buffer, 0, #buffer
    forget(self)
    self.record_terminator = nil
end

function scanner.new(options)
    local self = options == nil and {} or options
    if type(self) ~= 'table' then
        raise_argument(1)
    end
    local size = self.buffer_size_hint
    if size ~= nil and not (type(size) == 'number' and size >= 0) then
        raise_invalid()
    end
    size = size and floor(size) or 0
    self.buffer_size_hint = nil
    self.record_separator = self.record_separator or '\n'
    self.max_record_size = self.max_record_size or 65536
    self.record_number = 0
    self.buffer_, self.initial_size_ = new_buffer(0), size > 0 and size or default_buffer_size
    self.begin_, self.record_end_, self.rest_, self.end_ = 0, false, 0, 0
    self.records_, self.found_, self.taken_, self.fields_ = {}, 0, 0, 0
    return setmetatable(self, scanner.mt)
end

local awk_separator = regex.new { pattern = '[ \f\n\r\t\v]+', grammar = 'ecma', nosubs = true }

function scanner.with_awk_defaults(read_stream)
    return scanner.new { stream = read_stream, trim_record = true, field_separator = awk_separator }
end

return scanner
