#pragma once

#include <atomic>
#include <cstddef>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/error.h"
#include "crypto/password.h"

namespace turnpike {

namespace asio = boost::asio;

/// Hashes passwords beside the threads that serve: a hash takes a core for 60 ms and 64 MiB, so
/// that both are bounded by the number of threads here. Thread-safe.
class PasswordPool {
public:
    explicit PasswordPool(std::size_t threads = 2, PasswordCost cost = {});
    ~PasswordPool();
    PasswordPool(const PasswordPool&) = delete;
    PasswordPool& operator=(const PasswordPool&) = delete;

    /// Errors: Unavailable "people.busy" when too many wait already.
    asio::awaitable<Result<std::string>> hash(std::string password);

    struct Verdict {
        bool is_right = false;
        bool is_of_other_cost = false;
    };
    /// An empty hash, of an account that is not there, takes the same time and is never right.
    asio::awaitable<Result<Verdict>> verify(std::string hash, std::string password);

private:
    asio::awaitable<Result<std::string>> hash_here(std::string password);
    asio::awaitable<Result<Verdict>> verify_here(std::string hash, std::string password);

    PasswordCost cost_;
    std::string nobodys_hash_;
    std::atomic<int> waiting_{0};
    asio::thread_pool threads_;
};

}  // namespace turnpike
