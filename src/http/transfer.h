#pragma once

#include <atomic>
#include <chrono>
#include <memory>

#include <curl/curl.h>

#include "http/client.h"

namespace turnpike::http {

/// One thread's libcurl handle and the connections it keeps alive. Not thread-safe.
class TransferHandle {
public:
    /// A transfer ends soon after `is_stopping` becomes true.
    TransferHandle(const Client::Config& config, const std::atomic<bool>& is_stopping);

    /// Blocks until the answer, an error, or `deadline`.
    Result<Reply> perform(const Call& call, std::chrono::steady_clock::time_point deadline);

private:
    struct FreeHandle {
        void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    };
    const Client::Config& config_;
    const std::atomic<bool>& is_stopping_;
    std::unique_ptr<CURL, FreeHandle> handle_;
};

}  // namespace turnpike::http
