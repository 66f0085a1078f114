#include "lang/source.hpp"

#include "core/runtime.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace emilua {

namespace {

class lua_category_type final : public error_category {
public:
    const char* name() const noexcept override { return "lua"; }

    std::string message(int code) const override
    {
        switch (code) {
        case LUA_ERRRUN: return "runtime error";
        case LUA_ERRSYNTAX: return "syntax error during pre-compilation";
        case LUA_ERRMEM: return "memory allocation error";
        case LUA_ERRERR: return "error while running the error handler function";
        case LUA_ERRFILE: return "cannot open/read the file";
        default: return "";
        }
    }
};

// Modules are read on the VM's thread: an import is a start-up cost, and io_uring may be refused.
int read_file(const char* file, std::string& text)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    char buffer[16 * 1024];
    ssize_t n;
    do {
        n = read(fd, buffer, sizeof(buffer));
        if (n > 0)
            text.append(buffer, static_cast<std::size_t>(n));
    } while (n > 0 || (n < 0 && errno == EINTR));
    int error = n < 0 ? errno : 0;
    close(fd);
    return error;
}

} // namespace

const error_category& lua_category() noexcept
{
    static const lua_category_type category;
    return category;
}

std::shared_ptr<const std::string> read_source(runtime& rt, const std::string& file, error_code& ec)
{
    if (auto cached = rt.sources.get(file))
        return cached;
    std::string text;
    if (int error = read_file(file.c_str(), text)) {
        ec = {error, boost::system::system_category()};
        return nullptr;
    }
    rt.sources.put(file, std::move(text));
    return rt.sources.get(file);
}

std::string_view lua_part(std::string_view text)
{
    if (text.starts_with("\xEF\xBB\xBF"))
        text.remove_prefix(3);
    if (text.starts_with('#'))
        text.remove_prefix(std::min(text.find('\n'), text.size()));
    return text;
}

} // namespace emilua
