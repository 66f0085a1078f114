#include "actor/message.hpp"

#include "actor/channel.hpp"
#include "core/class.hpp"
#include "data/dom_error.hpp"
#include "io/file_descriptor.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <unistd.h>
#include <utility>

namespace emilua {

namespace {

// Nesting beyond this is refused: an encoder must end even if the program builds a chain without end.
constexpr std::size_t max_levels = 1 << 20;

enum tag : char {
    tag_false,
    tag_true,
    tag_number,     // + double
    tag_string,     // + size_t, bytes
    tag_sequence,   // + u32 number of elements; values follow, then tag_end
    tag_dictionary, // + u32 number of members; pairs tag_string.., value follow, then tag_end
    tag_end,
    tag_descriptor,
    tag_address,
};

// A descriptor on its way: closed with the message if nobody takes it.
struct owned_fd {
    int value = -1;

    owned_fd() = default;
    owned_fd(owned_fd&& other) noexcept
        : value{other.release()}
    {
    }
    owned_fd& operator=(owned_fd&&) = delete;
    ~owned_fd()
    {
        if (value >= 0)
            close_without_waiting(value);
    }
    int release() { return std::exchange(value, -1); }
};

} // namespace

struct message::block {
    std::string bytes;
    std::vector<owned_fd> descriptors;
    std::vector<address> addresses;
};

message::message() {}
message::~message() = default;

message::message(std::unique_ptr<foreign_value> value)
    : kind_{kind::foreign}
    , foreign_{std::move(value)}
{
}

message::message(message&& other) noexcept
{
    *this = std::move(other);
}

message& message::operator=(message&& other) noexcept
{
    kind_ = std::exchange(other.kind_, kind::empty);
    size_ = other.size_;
    std::memcpy(text_, other.text_, sizeof(text_));
    block_ = std::move(other.block_);
    foreign_ = std::move(other.foreign_);
    return *this;
}

// Writes a value to a block. Walks tables without recursion: the tables on the current path, each with the
// key it is at, are kept in a Lua table, for which the C stack and the Lua stack would be too small.
class message::encoder {
public:
    encoder(lua_State* L, block& out)
        : L_{L}
        , out_{out}
    {
    }

    void encode(int index)
    {
        luaL_checkstack(L_, 12, nullptr);
        int base = lua_gettop(L_);
        lua_newtable(L_);
        path_ = base + 1;
        lua_newtable(L_);
        on_path_ = base + 2;
        lua_pushvalue(L_, index);
        write();
        lua_settop(L_, base);
    }

private:
    enum class written { yes, dropped, container };

    struct level {
        bool sequence;
        std::uint32_t count;      // elements written
        std::size_t count_offset; // where it goes
        lua_Integer next;         // index of a sequence
    };

    void put(const void* data, std::size_t size) { out_.bytes.append(static_cast<const char*>(data), size); }
    void put(tag t) { out_.bytes.push_back(t); }

    void put_string(const char* text, std::size_t size)
    {
        put(tag_string);
        put(&size, sizeof(size));
        put(text, size);
    }

    // The scalar or object on top of the stack (popped unless it is a table). Errors of a value inside a
    // table drop it (03 §4).
    written put_value(bool root)
    {
        switch (lua_type(L_, -1)) {
        case LUA_TBOOLEAN: put(lua_toboolean(L_, -1) ? tag_true : tag_false); break;
        case LUA_TNUMBER: {
            lua_Number n = lua_tonumber(L_, -1);
            put(tag_number);
            put(&n, sizeof(n));
            break;
        }
        case LUA_TSTRING: {
            std::size_t size;
            const char* text = lua_tolstring(L_, -1, &size);
            put_string(text, size);
            break;
        }
        case LUA_TTABLE:
            if (!lua_getmetatable(L_, -1))
                return written::container;
            lua_pop(L_, 1);
            return refuse(root, errc::invalid_argument);
        case LUA_TUSERDATA: return put_object(root);
        default: return refuse(root, errc::invalid_argument);
        }
        lua_pop(L_, 1);
        return written::yes;
    }

    written refuse(bool root, errc::errc_t error)
    {
        if (root)
            raise(L_, error);
        lua_pop(L_, 1);
        return written::dropped;
    }

    written put_object(bool root)
    {
        if (auto* fd = test<file_descriptor>(L_, -1)) {
            if (fd->value < 0)
                return refuse(root, errc::invalid_argument);
            if (fd->in_flight)
                return refuse(root, errc::device_or_resource_busy);
            auto& copy = out_.descriptors.emplace_back();
            copy.value = fcntl(fd->value, F_DUPFD_CLOEXEC, 0);
            if (copy.value < 0)
                raise_errno(L_, errno);
            put(tag_descriptor);
        } else if (const std::shared_ptr<mailbox>* target = addressable(L_, -1)) {
            out_.addresses.emplace_back(*target);
            put(tag_address);
        } else {
            return refuse(root, errc::not_supported);
        }
        lua_pop(L_, 1);
        return written::yes;
    }

    // The table on top of the stack becomes the innermost level.
    void enter()
    {
        if (levels_.size() == max_levels)
            raise(L_, dom_errc::too_many_levels);
        lua_pushvalue(L_, -1);
        lua_rawget(L_, on_path_);
        if (!lua_isnil(L_, -1))
            raise(L_, dom_errc::cycle_exists);
        lua_pop(L_, 1);
        lua_pushvalue(L_, -1);
        lua_pushboolean(L_, true);
        lua_rawset(L_, on_path_);

        std::size_t length = lua_objlen(L_, -1);
        if (length > std::numeric_limits<std::int32_t>::max())
            raise(L_, dom_errc::array_too_long);
        put(length > 0 ? tag_sequence : tag_dictionary);
        levels_.push_back({length > 0, 0, out_.bytes.size(), 1});
        std::uint32_t count = 0;
        put(&count, sizeof(count));
    }

    // The innermost level is written: the table is on top of the stack (popped).
    void leave()
    {
        level& l = levels_.back();
        std::memcpy(out_.bytes.data() + l.count_offset, &l.count, sizeof(l.count));
        put(tag_end);
        lua_pushnil(L_);
        lua_rawset(L_, on_path_);
        levels_.pop_back();
    }

    // The container on top of the stack waits while its member, above it, is entered. Stack after: member.
    void save_parent(bool sequence)
    {
        int depth = static_cast<int>(levels_.size());
        // parent [key] member -> path: parent at 2n-1, key at 2n
        if (!sequence) {
            lua_pushvalue(L_, -2);
            lua_rawseti(L_, path_, 2 * depth);
            lua_remove(L_, -2);
        }
        lua_insert(L_, -2);
        lua_rawseti(L_, path_, 2 * depth - 1);
    }

    void write()
    {
        if (put_value(true) != written::container)
            return;
        enter();
        bool at_start = true; // of a dictionary: lua_next() begins with nil
        while (!levels_.empty()) {
            level& l = levels_.back();
            bool entered = l.sequence ? write_sequence(l) : write_dictionary(l, at_start);
            at_start = entered;
            if (entered)
                continue;
            leave();
            if (levels_.empty())
                return;
            int depth = static_cast<int>(levels_.size());
            lua_rawgeti(L_, path_, 2 * depth - 1);
            if (!levels_.back().sequence)
                lua_rawgeti(L_, path_, 2 * depth);
        }
    }

    // True: a member was entered; it is on top of the stack. False: the table is done and on top.
    bool write_sequence(level& l)
    {
        for (;;) {
            lua_rawgeti(L_, -1, static_cast<int>(l.next));
            if (lua_isnil(L_, -1)) {
                lua_pop(L_, 1);
                return false;
            }
            ++l.next;
            switch (put_value(false)) {
            case written::yes: ++l.count; break;
            case written::dropped: return false;
            case written::container:
                ++l.count;
                save_parent(true);
                enter();
                return true;
            }
        }
    }

    // Stack: table, and the key where it was left unless `at_start`.
    bool write_dictionary(level& l, bool at_start)
    {
        if (at_start)
            lua_pushnil(L_);
        while (lua_next(L_, -2)) {
            if (lua_type(L_, -2) != LUA_TSTRING) {
                lua_pop(L_, 1);
                continue;
            }
            std::size_t before = out_.bytes.size();
            std::size_t size;
            const char* key = lua_tolstring(L_, -2, &size);
            put_string(key, size);
            switch (put_value(false)) {
            case written::yes: ++l.count; break;
            case written::dropped: out_.bytes.resize(before); break;
            case written::container:
                ++l.count;
                save_parent(false);
                enter();
                return true;
            }
        }
        return false;
    }

    lua_State* L_;
    block& out_;
    int path_;
    int on_path_;
    std::vector<level> levels_;
};

// Reads a block back, again without recursion: containers that wait for their member to be complete are kept
// in a Lua table. Stack: that table, container, its pending key if it is a dictionary, value.
class message::decoder {
public:
    decoder(lua_State* L, block& in)
        : L_{L}
        , in_{in}
        , at_{in.bytes.data()}
    {
    }

    void decode()
    {
        luaL_checkstack(L_, 10, nullptr);
        lua_newtable(L_);
        parents_ = lua_gettop(L_);
        for (;;) {
            tag t = static_cast<tag>(*at_++);
            if (t == tag_sequence || t == tag_dictionary) {
                enter(t == tag_sequence);
                push_key();
                continue;
            }
            if (t == tag_end)
                leave();
            else
                push_scalar(t);
            if (levels_.empty())
                break;
            level& l = levels_.back();
            if (l.sequence)
                lua_rawseti(L_, -2, ++l.count);
            else
                lua_rawset(L_, -3);
            push_key();
        }
        lua_remove(L_, parents_);
    }

private:
    struct level {
        bool sequence;
        int count;
    };

    template <class T>
    T get()
    {
        T value;
        std::memcpy(&value, at_, sizeof(value));
        at_ += sizeof(value);
        return value;
    }

    void push_string()
    {
        auto size = get<std::size_t>();
        lua_pushlstring(L_, at_, size);
        at_ += size;
    }

    void push_scalar(tag t)
    {
        switch (t) {
        case tag_true:
        case tag_false: lua_pushboolean(L_, t == tag_true); break;
        case tag_number: lua_pushnumber(L_, get<lua_Number>()); break;
        case tag_string: push_string(); break;
        case tag_descriptor: {
            auto& fd = push_file_descriptor(L_);
            fd.value = in_.descriptors[descriptors_++].release();
            break;
        }
        default: push_channel(L_, std::move(in_.addresses[addresses_++])); break;
        }
    }

    // The key of the next member, if there is one.
    void push_key()
    {
        if (!levels_.back().sequence && *at_ != tag_end) {
            ++at_;
            push_string();
        }
    }

    void enter(bool sequence)
    {
        auto size = static_cast<int>(get<std::uint32_t>());
        lua_createtable(L_, sequence ? size : 0, sequence ? 0 : size);
        if (!levels_.empty()) {
            int depth = static_cast<int>(levels_.size());
            if (!levels_.back().sequence) {
                lua_insert(L_, -2);
                lua_rawseti(L_, parents_, 2 * depth);
            }
            lua_insert(L_, -2);
            lua_rawseti(L_, parents_, 2 * depth - 1);
        }
        levels_.push_back({sequence, 0});
    }

    // The container on top is complete: what waited for it comes back below it.
    void leave()
    {
        levels_.pop_back();
        int depth = static_cast<int>(levels_.size());
        if (depth == 0)
            return;
        lua_rawgeti(L_, parents_, 2 * depth - 1);
        lua_insert(L_, -2);
        if (!levels_.back().sequence) {
            lua_rawgeti(L_, parents_, 2 * depth);
            lua_insert(L_, -2);
        }
    }

    lua_State* L_;
    block& in_;
    const char* at_;
    std::size_t descriptors_ = 0;
    std::size_t addresses_ = 0;
    int parents_ = 0;
    std::vector<level> levels_;
};

message message::encode(lua_State* L, int index)
{
    message m;
    switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
        m.kind_ = kind::boolean;
        m.boolean_ = lua_toboolean(L, index);
        return m;
    case LUA_TNUMBER:
        m.kind_ = kind::number;
        m.number_ = lua_tonumber(L, index);
        return m;
    case LUA_TSTRING: {
        std::size_t size;
        const char* text = lua_tolstring(L, index, &size);
        if (size > inline_capacity)
            break;
        m.kind_ = kind::short_string;
        m.size_ = static_cast<std::uint8_t>(size);
        std::memcpy(m.text_, text, size);
        return m;
    }
    }
    m.kind_ = kind::block;
    m.block_ = std::make_unique<block>();
    encoder{L, *m.block_}.encode(index);
    return m;
}

void message::decode(lua_State* L)
{
    switch (kind_) {
    case kind::empty: lua_pushnil(L); break;
    case kind::boolean: lua_pushboolean(L, boolean_); break;
    case kind::number: lua_pushnumber(L, number_); break;
    case kind::short_string: lua_pushlstring(L, text_, size_); break;
    case kind::block: decoder{L, *block_}.decode(); break;
    case kind::foreign: foreign_->push(L); break;
    }
}

} // namespace emilua
