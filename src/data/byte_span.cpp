// byte_span: memory, slices and metamethods (04 §1). Element access is in lua/byte_span.lua, the search
// algorithms are in byte_search.cpp.
#include "data/byte_span.hpp"

#include "core/class.hpp"
#include "core/embedded.hpp"
#include "data/byte_search.hpp"
#include "data/byte_span_arguments.hpp"
#include "lang/lang.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace emilua {

namespace {

// What lua/byte_span.lua relies on.
static_assert(offsetof(byte_span, data) == 0 && offsetof(byte_span, size) == sizeof(void*) &&
              offsetof(byte_span, capacity) == 2 * sizeof(void*));

// Address: key of the registry for the global table byte_span.
const char module_key = 0;

std::shared_ptr<unsigned char[]> allocate(std::size_t size)
{
    if (size == 0)
        return nullptr;
    // Large blocks come as zero pages that cost nothing until they are touched.
    auto* memory = static_cast<unsigned char*>(std::calloc(size, 1));
    if (!memory)
        throw std::system_error{ENOMEM, std::generic_category()};
    return {memory, std::free};
}

// The collector sees only the handle of a span: a program that drops large spans would fill the memory before
// a collection starts. So the bytes behind count too: a cycle starts when they outweigh the Lua heap.
void pace_collector(lua_State* L, std::size_t size)
{
    constexpr std::size_t least = 4 * 1024 * 1024;
    constexpr int largest_step = 1 << 20;
    vm& v = vm::of(L);
    v.external_bytes += size;
    if (v.external_bytes < least ||
        v.external_bytes >> 10 < static_cast<std::size_t>(lua_gc(L, LUA_GCCOUNT, 0)))
        return;
    // Not while it is stopped, by the program or for a finalizer: a step would start it again.
    if (!lua_gc(L, LUA_GCISRUNNING, 0))
        return;
    if (lua_gc(L, LUA_GCSTEP, static_cast<int>(std::min<std::size_t>(size >> 10, largest_step))))
        v.external_bytes = 0;
}

void put(unsigned char* to, std::string_view from)
{
    if (!from.empty())
        std::memmove(to, from.data(), from.size());
}

std::size_t check_size(lua_State* L, int index)
{
    lua_Number n = lua_type(L, index) == LUA_TNUMBER ? std::trunc(lua_tonumber(L, index)) : -1;
    if (!(n >= 0 && n < 0x1p63))
        raise(L, errc::invalid_argument);
    return static_cast<std::size_t>(n);
}

int new_span(lua_State* L)
{
    std::size_t size = check_size(L, 1);
    std::size_t capacity = lua_isnoneornil(L, 2) ? size : check_size(L, 2);
    if (size > capacity)
        raise(L, errc::invalid_argument);
    push_byte_span(L, size, capacity);
    return 1;
}

// The bytes of the arguments from `first` on, together. nil counts 0.
std::size_t total_size(lua_State* L, int first)
{
    std::size_t total = 0;
    for (int i = first; i <= lua_gettop(L); ++i)
        total += lua_isnil(L, i) ? 0 : check_bytes(L, i).size();
    return total;
}

void put_arguments(lua_State* L, int first, int last, unsigned char* to)
{
    for (int i = first; i <= last; ++i) {
        auto piece = lua_isnil(L, i) ? std::string_view{} : check_bytes(L, i);
        put(to, piece);
        to += piece.size();
    }
}

int concatenate(lua_State* L)
{
    int last = lua_gettop(L);
    std::size_t total = total_size(L, 1);
    put_arguments(L, 1, last, push_byte_span(L, total, total).data);
    return 1;
}

int append(lua_State* L)
{
    auto& self = check<byte_span>(L, 1);
    int last = lua_gettop(L);
    if (last == 1)
        return 1;
    std::size_t total = self.size + total_size(L, 2);
    if (total == 0) {
        push<byte_span>(L);
    } else if (total <= self.capacity) {
        push_part(L, 1, 0, total);
        put_arguments(L, 2, last, self.data + self.size);
    } else {
        // Twice the old capacity: a loop of appends copies each byte a constant number of times.
        auto& grown = push_byte_span(L, total, std::max(total, 2 * self.capacity));
        put(grown.data, self.text());
        put_arguments(L, 2, last, grown.data + self.size);
    }
    return 1;
}

int slice(lua_State* L)
{
    auto& self = check<byte_span>(L, 1);
    lua_Number start = check_position(L, 2, 1);
    lua_Number end = check_position(L, 3, static_cast<lua_Number>(self.size));
    if (!(1 <= start && start <= end + 1 && end <= static_cast<lua_Number>(self.capacity)))
        raise(L, errc::result_out_of_range);
    auto offset = static_cast<std::size_t>(start) - 1;
    push_part(L, 1, offset, static_cast<std::size_t>(end));
    return 1;
}

int copy(lua_State* L)
{
    auto& self = check<byte_span>(L, 1);
    auto source = check_bytes(L, 2);
    source = source.substr(0, self.size);
    put(self.data, source);
    lua_pushinteger(L, static_cast<lua_Integer>(source.size()));
    return 1;
}

int equal(lua_State* L)
{
    lua_pushboolean(L, check<byte_span>(L, 1).text() == check<byte_span>(L, 2).text());
    return 1;
}

int to_string(lua_State* L)
{
    auto text = check<byte_span>(L, 1).text();
    lua_pushlstring(L, text.data(), text.size());
    return 1;
}

int raise_argument(lua_State* L)
{
    raise_invalid_argument(L, static_cast<int>(lua_tointeger(L, 1)));
}

int load_accessors(lua_State* L)
{
    push_embedded(L, embedded::byte_span_accessors);
    return 1;
}

int raise_out_of_range(lua_State* L)
{
    raise(L, errc::result_out_of_range);
}

// Made with the first span: it takes a fifth of a VM's start.
void register_class(lua_State* L)
{
    define_once<byte_span>(L, [L] {
        luaL_checkstack(L, 20, nullptr);
        class_<byte_span>{L, "byte_span"}
            .metamethod("__eq", fn<equal>)
            .metamethod("__tostring", fn<to_string>)
            .settling();

        push_embedded(L, embedded::byte_span);
        push_ffi(L);
        push_debug_getmetatable(L);
        auto& c = vm::of(L).find_class(detail::class_id<byte_span>);
        lua_rawgeti(L, LUA_REGISTRYINDEX, c.ref);
        lua_rawgeti(L, LUA_REGISTRYINDEX, c.settled_ref);
        lua_newtable(L);
        set_functions(L, {{"slice", fn<slice>}, {"copy", fn<copy>}, {"append", fn<append>}});
        set_byte_search(L);
        lua_newtable(L);
        set_functions(L, {{"load_accessors", fn<load_accessors>},
                          {"raise_invalid_argument", fn<raise_argument>},
                          {"raise_out_of_range", fn<raise_out_of_range>},
                          {"raise_read_only", raise_read_only},
                          {"raise_bad_index", raise_bad_index}});
        lua_call(L, 6, 0);
    });
}

} // namespace

byte_span& push_byte_span(lua_State* L, std::size_t size, std::size_t capacity)
{
    register_class(L);
    pace_collector(L, capacity);
    auto memory = allocate(capacity);
    auto* data = memory.get();
    return push<byte_span>(L, data, size, capacity, std::move(memory));
}

byte_span& push_collected_span(lua_State* L, std::size_t size)
{
    register_class(L);
    lua_createtable(L, 1, 0);
    auto* data = static_cast<unsigned char*>(lua_newuserdata(L, size));
    std::memset(data, 0, size);
    lua_rawseti(L, -2, 1);
    auto& span = push<byte_span>(L, data, size, size, nullptr);
    settle<byte_span>(L, lua_gettop(L));
    lua_insert(L, -2);
    lua_setfenv(L, -2);
    return span;
}

span_cutter::span_cutter(lua_State* L, int index)
    : L_{L}
    , whole_{check<byte_span>(L, index)}
{
    lua_getfenv(L, index);
    environment_ = lua_gettop(L);
    auto& c = vm::of(L).find_class(detail::class_id<byte_span>);
    lua_rawgeti(L, LUA_REGISTRYINDEX, whole_.memory ? c.ref : c.settled_ref);
    metatable_ = lua_gettop(L);
}

byte_span& span_cutter::push_part(std::size_t begin, std::size_t end) const
{
    void* memory = lua_newuserdata(L_, sizeof(byte_span));
    auto* part =
        new (memory) byte_span{whole_.data + begin, end - begin, whole_.capacity - begin, whole_.memory};
    lua_pushvalue(L_, metatable_);
    lua_setmetatable(L_, -2);
    if (!whole_.memory) {
        lua_pushvalue(L_, environment_);
        lua_setfenv(L_, -2);
    }
    return *part;
}

byte_span& push_part(lua_State* L, int index, std::size_t begin, std::size_t end)
{
    span_cutter cutter{L, index};
    auto& part = cutter.push_part(begin, end);
    lua_replace(L, -3);
    lua_pop(L, 1);
    return part;
}

int open_byte_span(lua_State* L)
{
    lua_pushlightuserdata(L, const_cast<char*>(&module_key));
    lua_rawget(L, LUA_REGISTRYINDEX);
    return 1;
}

void set_byte_span(lua_State* L)
{
    lua_createtable(L, 0, 2);
    set_functions(L, {{"new", fn<new_span>}, {"append", fn<concatenate>}});
    lua_pushlightuserdata(L, const_cast<char*>(&module_key));
    lua_pushvalue(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
    lua_setfield(L, -2, "byte_span");
}

} // namespace emilua
