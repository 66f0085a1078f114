// An io_context and the threads that run it. VMs of one context share its threads.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <mutex>
#include <unordered_set>

namespace emilua {

class plugin;

class context {
public:
    // `single`: there will never be a second thread. Lets Asio skip wake-ups between threads.
    explicit context(bool single)
        : io{single ? 1 : BOOST_ASIO_CONCURRENCY_HINT_DEFAULT}
        , single{single}
    {
    }

    boost::asio::io_context io;
    const bool single;

    // Native plugins that have made their services in `io` (lang/plugin.cpp).
    std::mutex plugins_mutex;
    std::unordered_set<const plugin*> plugins;
};

} // namespace emilua
