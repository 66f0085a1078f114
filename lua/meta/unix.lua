---@meta unix
-- Manual: doc/reference/unix.adoc. S: suspends, and is an interruption point.

---@class unix
---@field message_flag { peek: integer }
local unix = {}

unix.stream_socket = {}

---@param fd? file_descriptor
---@return unix.stream
function unix.stream_socket.new(fd) end

---@return unix.stream, unix.stream
function unix.stream_socket.pair() end

unix.seqpacket_socket = {}

---@param fd? file_descriptor
---@return unix.seqpacket
function unix.seqpacket_socket.new(fd) end

---@return unix.seqpacket, unix.seqpacket
function unix.seqpacket_socket.pair() end

unix.datagram_socket = {}

---@param fd? file_descriptor
---@return unix.datagram
function unix.datagram_socket.new(fd) end

---@return unix.datagram, unix.datagram
function unix.datagram_socket.pair() end

unix.stream_acceptor = {}

---@param fd? file_descriptor
---@return unix.acceptor
function unix.stream_acceptor.new(fd) end

unix.seqpacket_acceptor = {}

---Its `accept` returns a `unix.seqpacket`.
---@param fd? file_descriptor
---@return unix.acceptor
function unix.seqpacket_acceptor.new(fd) end

---What all sockets and acceptors have.
---@class unix.endpoint
---@field is_open boolean
---@field local_path filesystem.path
local endpoint = {}

function endpoint:open() end

---@param path filesystem.path empty: any free abstract name
function endpoint:bind(path) end

---Aborts pending operations of all fibers.
function endpoint:close() end

---Aborts pending operations of all fibers.
function endpoint:cancel() end

---@return file_descriptor
function endpoint:release() end

---@param fd file_descriptor
function endpoint:assign(fd) end

---@param name string
---@param value any
function endpoint:set_option(name, value) end

---@param name string
---@return any
function endpoint:get_option(name) end

---@class unix.socket: unix.endpoint
---@field remote_path filesystem.path
local socket = {}

---S.
---@param path filesystem.path
function socket:connect(path) end

---Of datagram sockets only.
function socket:disconnect() end

---@param what "receive"|"send"|"both"
function socket:shutdown(what) end

---@param command "bytes_readable"
---@return integer
function socket:io_control(command) end

---S. Descriptors beyond `maxfds` are closed.
---@param buffer byte_span
---@param maxfds integer
---@return integer, file_descriptor[]
function socket:receive_with_fds(buffer, maxfds) end

---S. The descriptors stay open here.
---@param buffer byte_span
---@param fds file_descriptor[]
---@return integer
function socket:send_with_fds(buffer, fds) end

---@class unix.stream: unix.socket, read_stream, write_stream
local stream = {}

---S. Waits for data; returns how many bytes. Raises `asio_error.misc.eof` at the end.
---@param buffer byte_span
---@return integer
function stream:read_some(buffer) end

---S. Sends at least one byte; returns how many.
---@param buffer byte_span
---@return integer
function stream:write_some(buffer) end

---@class unix.seqpacket: unix.socket
local seqpacket = {}

---S. One message. Raises `asio_error.misc.eof` at the end.
---@param buffer byte_span
---@param flags? integer
---@return integer
function seqpacket:receive(buffer, flags) end

---S. One message.
---@param buffer byte_span
---@param flags? integer
---@return integer
function seqpacket:send(buffer, flags) end

---@class unix.datagram: unix.socket
local datagram = {}

---S. One message.
---@param buffer byte_span
---@param flags? integer
---@return integer
function datagram:receive(buffer, flags) end

---S. To the peer that it is connected to.
---@param buffer byte_span
---@param flags? integer
---@return integer
function datagram:send(buffer, flags) end

---S. Returns also who sent it.
---@param buffer byte_span
---@param flags? integer
---@return integer, filesystem.path
function datagram:receive_from(buffer, flags) end

---S.
---@param buffer byte_span
---@param path filesystem.path
---@param flags? integer
---@return integer
function datagram:send_to(buffer, path, flags) end

---S. The sender's path is nil if it has none.
---@param buffer byte_span
---@param maxfds integer
---@return integer, filesystem.path?, file_descriptor[]
function datagram:receive_from_with_fds(buffer, maxfds) end

---S.
---@param buffer byte_span
---@param path filesystem.path
---@param fds file_descriptor[]
---@return integer
function datagram:send_to_with_fds(buffer, path, fds) end

---@class unix.acceptor: unix.endpoint
local acceptor = {}

---@param backlog? integer
function acceptor:listen(backlog) end

---S.
---@return unix.stream|unix.seqpacket
function acceptor:accept() end

return unix
