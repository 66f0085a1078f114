#include "lang/errno_names.hpp"

#include <cerrno>

namespace emilua {

int errno_by_name(std::string_view name)
{
    static constexpr struct {
        std::string_view name;
        int code;
    } names[] = {
        {"EAFNOSUPPORT", EAFNOSUPPORT},
        {"EADDRINUSE", EADDRINUSE},
        {"EADDRNOTAVAIL", EADDRNOTAVAIL},
        {"EISCONN", EISCONN},
        {"E2BIG", E2BIG},
        {"EDOM", EDOM},
        {"EFAULT", EFAULT},
        {"EBADF", EBADF},
        {"EBADMSG", EBADMSG},
        {"EPIPE", EPIPE},
        {"ECONNABORTED", ECONNABORTED},
        {"EALREADY", EALREADY},
        {"ECONNREFUSED", ECONNREFUSED},
        {"ECONNRESET", ECONNRESET},
        {"EXDEV", EXDEV},
        {"EDESTADDRREQ", EDESTADDRREQ},
        {"EBUSY", EBUSY},
        {"ENOTEMPTY", ENOTEMPTY},
        {"ENOEXEC", ENOEXEC},
        {"EEXIST", EEXIST},
        {"EFBIG", EFBIG},
        {"ENAMETOOLONG", ENAMETOOLONG},
        {"ENOSYS", ENOSYS},
        {"EHOSTUNREACH", EHOSTUNREACH},
        {"EIDRM", EIDRM},
        {"EILSEQ", EILSEQ},
        {"ENOTTY", ENOTTY},
        {"EINTR", EINTR},
        {"EINVAL", EINVAL},
        {"ESPIPE", ESPIPE},
        {"EIO", EIO},
        {"EISDIR", EISDIR},
        {"EMSGSIZE", EMSGSIZE},
        {"ENETDOWN", ENETDOWN},
        {"ENETRESET", ENETRESET},
        {"ENETUNREACH", ENETUNREACH},
        {"ENOBUFS", ENOBUFS},
        {"ECHILD", ECHILD},
        {"ENOLINK", ENOLINK},
        {"ENOLCK", ENOLCK},
        {"ENOMSG", ENOMSG},
        {"ENOPROTOOPT", ENOPROTOOPT},
        {"ENOSPC", ENOSPC},
        {"ENXIO", ENXIO},
        {"ENODEV", ENODEV},
        {"ENOENT", ENOENT},
        {"ESRCH", ESRCH},
        {"ENOTDIR", ENOTDIR},
        {"ENOTSOCK", ENOTSOCK},
        {"ENOTCONN", ENOTCONN},
        {"ENOMEM", ENOMEM},
        {"ENOTSUP", ENOTSUP},
        {"ECANCELED", ECANCELED},
        {"EINPROGRESS", EINPROGRESS},
        {"EPERM", EPERM},
        {"EOPNOTSUPP", EOPNOTSUPP},
        {"EWOULDBLOCK", EWOULDBLOCK},
        {"EOWNERDEAD", EOWNERDEAD},
        {"EACCES", EACCES},
        {"EPROTO", EPROTO},
        {"EPROTONOSUPPORT", EPROTONOSUPPORT},
        {"EROFS", EROFS},
        {"EDEADLK", EDEADLK},
        {"EAGAIN", EAGAIN},
        {"ERANGE", ERANGE},
        {"ENOTRECOVERABLE", ENOTRECOVERABLE},
        {"ETXTBSY", ETXTBSY},
        {"ETIMEDOUT", ETIMEDOUT},
        {"ENFILE", ENFILE},
        {"EMFILE", EMFILE},
        {"EMLINK", EMLINK},
        {"ELOOP", ELOOP},
        {"EOVERFLOW", EOVERFLOW},
        {"EPROTOTYPE", EPROTOTYPE},
    };
    for (auto& n : names) {
        if (n.name == name)
            return n.code;
    }
    return 0;
}

} // namespace emilua
