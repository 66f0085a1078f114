// One end of a connection between processes. It may have come from a hostile peer and be no socket at all:
// the reactor meets it only when somebody must wait for it.
#pragma once

#include "io/file_descriptor.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <optional>
#include <utility>

namespace emilua {

class ipc_socket {
public:
    using waiter = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

    ipc_socket() = default;
    ~ipc_socket() { close(); }
    ipc_socket(const ipc_socket&) = delete;
    ipc_socket& operator=(const ipc_socket&) = delete;

    void assign(file_descriptor& fd) { fd_.value = fd.release(); }
    bool is_open() const { return waiter_ || fd_.value >= 0; }
    int native_handle() { return waiter_ ? waiter_->native_handle() : fd_.value; }

    // What waits for readiness. Throws system_error if this is nothing to wait for.
    waiter& in_reactor(boost::asio::io_context& io)
    {
        if (!waiter_) {
            waiter w{io, fd_.value};
            fd_.release();
            waiter_.emplace(std::move(w));
        }
        return *waiter_;
    }

    // Those who wait get operation_aborted.
    void close()
    {
        if (waiter_) {
            fd_.value = waiter_->release();
            waiter_.reset();
        }
        fd_.close();
    }

private:
    file_descriptor fd_; // until it has a waiter
    std::optional<waiter> waiter_;
};

} // namespace emilua
