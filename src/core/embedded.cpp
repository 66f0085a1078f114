#include "core/embedded.hpp"

#include "lua_byte_span.h"
#include "lua_byte_span_accessors.h"
#include "lua_class.h"
#include "lua_finalizers.h"
#include "lua_ip.h"
#include "lua_lang.h"
#include "lua_late_calls.h"
#include "lua_scanner.h"
#include "lua_stream.h"

#include <cstddef>
#include <initializer_list>
#include <iterator>

namespace emilua {

namespace {

// Address: key of the registry for the environment of the chunks.
const char library_key = 0;

struct kept {
    const char* library;
    std::initializer_list<const char*> functions;
};

} // namespace

void keep_library(lua_State* L)
{
    const kept all[] = {
        {LUA_BITLIBNAME, {"band", "rshift", "tobit"}},
        {LUA_COLIBNAME, {"create"}},
        {LUA_MATHLIBNAME, {"ceil", "floor", "max", "min"}},
        {LUA_STRLIBNAME, {"format"}},
    };
    lua_pushlightuserdata(L, const_cast<char*>(&library_key));
    lua_createtable(L, 0, std::size(all));
    for (auto& [library, functions] : all) {
        lua_getglobal(L, library);
        lua_createtable(L, 0, static_cast<int>(functions.size()));
        for (const char* f : functions) {
            lua_getfield(L, -2, f);
            lua_setfield(L, -2, f);
        }
        lua_setfield(L, -3, library);
        lua_pop(L, 1);
    }
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, LUA_GLOBALSINDEX);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
}

void push_library(lua_State* L)
{
    lua_pushlightuserdata(L, const_cast<char*>(&library_key));
    lua_rawget(L, LUA_REGISTRYINDEX);
}

void push_embedded(lua_State* L, embedded chunk)
{
    struct {
        const unsigned char* code;
        std::size_t size;
        const char* name;
    } sources[] = {
        {luaJIT_BC_byte_span, luaJIT_BC_byte_span_SIZE, "=byte_span"},
        {luaJIT_BC_byte_span_accessors, luaJIT_BC_byte_span_accessors_SIZE, "=byte_span"},
        {luaJIT_BC_class, luaJIT_BC_class_SIZE, "=class"},
        {luaJIT_BC_finalizers, luaJIT_BC_finalizers_SIZE, "=finalizers"},
        {luaJIT_BC_ip, luaJIT_BC_ip_SIZE, "=ip"},
        {luaJIT_BC_lang, luaJIT_BC_lang_SIZE, "=lang"},
        {luaJIT_BC_late_calls, luaJIT_BC_late_calls_SIZE, "=lang"},
        {luaJIT_BC_scanner, luaJIT_BC_scanner_SIZE, "=scanner"},
        {luaJIT_BC_stream, luaJIT_BC_stream_SIZE, "=stream"},
    };
    auto& s = sources[static_cast<int>(chunk)];
    if (luaL_loadbuffer(L, reinterpret_cast<const char*>(s.code), s.size, s.name) != 0)
        lua_error(L);
    push_library(L);
    lua_setfenv(L, -2);
}

} // namespace emilua
