#pragma once

#include <atomic>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/error.h"
#include "pdf/document.h"

namespace turnpike {

namespace asio = boost::asio;

/// Makes files of papers on a thread of its own, so that nobody's request waits for another one's
/// pages. Thread-safe; outlives its calls.
class Printer {
public:
    /// How many may be under way, the one that is being made among them.
    static constexpr int kPapersMax = 16;

    /// Errors: Unavailable "invoice.pdf_busy", with a time to come back.
    asio::awaitable<Result<std::string>> print(PdfDocument paper);

private:
    asio::thread_pool thread_{1};
    std::atomic<int> under_way_ = 0;
};

}  // namespace turnpike
