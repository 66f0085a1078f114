// require 'asio_error': errors of sockets and name resolution by name (01 §4.7).
#include "lang/lang.hpp"
#include "lang/named_errors.hpp"

#include <boost/asio/error.hpp>

namespace emilua {

namespace {

namespace asio = boost::asio::error;

constexpr named_error basic[] = {
    {"access_denied", asio::access_denied},
    {"address_family_not_supported", asio::address_family_not_supported},
    {"address_in_use", asio::address_in_use},
    {"already_connected", asio::already_connected},
    {"already_started", asio::already_started},
    {"broken_pipe", asio::broken_pipe},
    {"connection_aborted", asio::connection_aborted},
    {"connection_refused", asio::connection_refused},
    {"connection_reset", asio::connection_reset},
    {"bad_descriptor", asio::bad_descriptor},
    {"fault", asio::fault},
    {"host_unreachable", asio::host_unreachable},
    {"in_progress", asio::in_progress},
    {"interrupted", asio::interrupted},
    {"invalid_argument", asio::invalid_argument},
    {"message_size", asio::message_size},
    {"name_too_long", asio::name_too_long},
    {"network_down", asio::network_down},
    {"network_reset", asio::network_reset},
    {"network_unreachable", asio::network_unreachable},
    {"no_descriptors", asio::no_descriptors},
    {"no_buffer_space", asio::no_buffer_space},
    {"no_memory", asio::no_memory},
    {"no_permission", asio::no_permission},
    {"no_protocol_option", asio::no_protocol_option},
    {"no_such_device", asio::no_such_device},
    {"not_connected", asio::not_connected},
    {"not_socket", asio::not_socket},
    {"operation_aborted", asio::operation_aborted},
    {"operation_not_supported", asio::operation_not_supported},
    {"shut_down", asio::shut_down},
    {"timed_out", asio::timed_out},
    {"try_again", asio::try_again},
    {"would_block", asio::would_block},
};

constexpr named_error netdb[] = {
    {"host_not_found", asio::host_not_found},
    {"host_not_found_try_again", asio::host_not_found_try_again},
    {"no_recovery", asio::no_recovery},
    {"no_data", asio::no_data},
};

constexpr named_error addrinfo[] = {
    {"service_not_found", asio::service_not_found},
    {"socket_type_not_supported", asio::socket_type_not_supported},
};

constexpr named_error misc[] = {
    {"already_open", asio::already_open},
    {"eof", asio::eof},
    {"not_found", asio::not_found},
    {"fd_set_failure", asio::fd_set_failure},
};

} // namespace

int open_asio_error(lua_State* L)
{
    lua_newuserdata(L, 0);
    lua_createtable(L, 0, 2);
    lua_pushliteral(L, "asio_error");
    lua_setfield(L, -2, "__metatable");
    lua_createtable(L, 0, 4);
    push_named_errors(L, "asio_error.basic", asio::get_system_category(), basic);
    lua_setfield(L, -2, "basic");
    push_named_errors(L, "asio_error.netdb", asio::get_netdb_category(), netdb);
    lua_setfield(L, -2, "netdb");
    push_named_errors(L, "asio_error.addrinfo", asio::get_addrinfo_category(), addrinfo);
    lua_setfield(L, -2, "addrinfo");
    push_named_errors(L, "asio_error.misc", asio::get_misc_category(), misc);
    lua_setfield(L, -2, "misc");
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    return 1;
}

} // namespace emilua
