// Why a VM could not be started.
#pragma once

#include "emilua/error.hpp"

#include <exception>
#include <string>
#include <utility>

namespace emilua {

class start_error : public std::exception {
public:
    start_error(error_code code, std::string text)
        : code{code}
        , text_{std::move(text)}
    {
    }

    // One line: the file and the operating system's words, or the compiler's message.
    const char* what() const noexcept override { return text_.c_str(); }

    const error_code code;

private:
    std::string text_;
};

} // namespace emilua
