// The SSL part of Asio, compiled here once. A library of its own: only a program that uses TLS shall load OpenSSL,
// which takes as long as all the rest of the start.
#include <boost/asio/ssl/impl/src.hpp>
