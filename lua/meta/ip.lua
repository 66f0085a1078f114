---@meta ip
-- Manual: doc/reference/ip.adoc. S: suspends, and is an interruption point.

---@class ip
---@field message_flag { out_of_band: integer, peek: integer, do_not_route: integer, end_of_record: integer }
---@field address_info_flag ip.address_info_flag
local ip = {}

---@class ip.address_info_flag
---@field passive integer
---@field canonical_name integer
---@field v4_mapped integer
---@field all_matching integer
---@field address_configured integer

---@param addr ip.address
---@param port? integer
---@return string
function ip.tostring(addr, port) end

---@param text string
---@return ip.address, integer
function ip.toendpoint(text) end

---@return string
function ip.host_name() end

---S. Connects to the first of `results` that accepts.
---@param sock ip.tcp.socket|ip.udp.socket
---@param results ip.address_info[]
---@param condition? fun(last_error: error_code?, address: ip.address, port: integer): boolean
---@return ip.address, integer
function ip.connect(sock, results, condition) end

---@class ip.address_info
---@field address ip.address
---@field port integer
---@field canonical_name string

---@class ip.name_info
---@field host_name string
---@field service_name string

---@class ip.address
---@field is_v4 boolean
---@field is_v6 boolean
---@field is_loopback boolean
---@field is_multicast boolean
---@field is_unspecified boolean
---@field is_link_local boolean IPv6 only
---@field is_site_local boolean IPv6 only
---@field is_v4_mapped boolean IPv6 only
---@field is_multicast_global boolean IPv6 only
---@field is_multicast_link_local boolean IPv6 only
---@field is_multicast_node_local boolean IPv6 only
---@field is_multicast_org_local boolean IPv6 only
---@field is_multicast_site_local boolean IPv6 only
---@field scope_id integer IPv6 only, may be assigned
local address = {}

---@return ip.address
function address:to_v4() end

---@return ip.address
function address:to_v6() end

ip.address = {}

---@param text? string
---@return ip.address
function ip.address.new(text) end

---@return ip.address
function ip.address.any_v4() end

---@return ip.address
function ip.address.any_v6() end

---@return ip.address
function ip.address.loopback_v4() end

---@return ip.address
function ip.address.loopback_v6() end

---@return ip.address
function ip.address.broadcast_v4() end

---What all sockets and acceptors have.
---@class ip.endpoint
---@field is_open boolean
---@field local_address ip.address
---@field local_port integer
local endpoint = {}

---@param family "v4"|"v6"|ip.address
function endpoint:open(family) end

---@param addr ip.address|string
---@param port integer 0: any free one
function endpoint:bind(addr, port) end

---Aborts pending operations of all fibers.
function endpoint:close() end

---Aborts pending operations of all fibers.
function endpoint:cancel() end

---@return file_descriptor
function endpoint:release() end

---@param family "v4"|"v6"|ip.address
---@param fd file_descriptor
function endpoint:assign(family, fd) end

---@param name string
---@param ... any
function endpoint:set_option(name, ...) end

---@param name string
---@return any ...
function endpoint:get_option(name) end

---@class ip.socket: ip.endpoint
---@field remote_address ip.address
---@field remote_port integer
local socket = {}

---S.
---@param addr ip.address
---@param port integer
function socket:connect(addr, port) end

function socket:disconnect() end

---@param what "receive"|"send"|"both"
function socket:shutdown(what) end

---@param command "bytes_readable"
---@return integer
function socket:io_control(command) end

---@class ip.tcp.socket: ip.socket, read_stream, write_stream
---@field at_mark boolean
local tcp_socket = {}

---S. Waits for data; returns how many bytes. Raises `asio_error.misc.eof` at the end.
---@param buffer byte_span
---@return integer
function tcp_socket:read_some(buffer) end

---S. Sends at least one byte; returns how many.
---@param buffer byte_span
---@return integer
function tcp_socket:write_some(buffer) end

---S.
---@param buffer byte_span
---@param flags integer
---@return integer
function tcp_socket:receive(buffer, flags) end

---S.
---@param buffer byte_span
---@param flags integer
---@return integer
function tcp_socket:send(buffer, flags) end

---S.
---@param what "read"|"write"|"error"
function tcp_socket:wait(what) end

---@class ip.tcp.acceptor: ip.endpoint
local tcp_acceptor = {}

---@param backlog? integer
function tcp_acceptor:listen(backlog) end

---S.
---@return ip.tcp.socket
function tcp_acceptor:accept() end

---@class ip.udp.socket: ip.socket
local udp_socket = {}

---S. One datagram.
---@param buffer byte_span
---@param flags? integer
---@return integer
function udp_socket:receive(buffer, flags) end

---S.
---@param buffer byte_span
---@param flags? integer
---@return integer, ip.address, integer
function udp_socket:receive_from(buffer, flags) end

---S.
---@param buffer byte_span
---@param flags? integer
---@return integer
function udp_socket:send(buffer, flags) end

---S.
---@param buffer byte_span
---@param addr ip.address
---@param port integer
---@param flags? integer
---@return integer
function udp_socket:send_to(buffer, addr, port, flags) end

---Name resolution; the port is that of a service of this protocol.
---@class ip.resolver
local resolver = {}

---S.
---@param host string|ip.address
---@param service string|integer
---@param flags? integer
---@return ip.address_info[]
function resolver.get_address_info(host, service, flags) end

---S.
---@param host string|ip.address
---@param service string|integer
---@param flags? integer
---@return ip.address_info[]
function resolver.get_address_v4_info(host, service, flags) end

---S.
---@param host string|ip.address
---@param service string|integer
---@param flags? integer
---@return ip.address_info[]
function resolver.get_address_v6_info(host, service, flags) end

---S.
---@param addr ip.address
---@param port integer
---@return ip.name_info[]
function resolver.get_name_info(addr, port) end

---@class ip.tcp: ip.resolver
---@field socket { new: fun(): ip.tcp.socket }
---@field acceptor { new: fun(): ip.tcp.acceptor }
ip.tcp = {}

---@class ip.udp: ip.resolver
---@field socket { new: fun(): ip.udp.socket }
ip.udp = {}

return ip
