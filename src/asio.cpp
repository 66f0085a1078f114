// Asio without its SSL part (asio_ssl.cpp), compiled here once.
#include <boost/asio/impl/src.hpp>
