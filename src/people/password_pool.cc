#include "people/password_pool.h"

#include <new>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace turnpike {
namespace {

/// Two seconds of waiting for the last one, with two threads.
constexpr int kWaitingMax = 64;

std::unexpected<Error> busy() {
    Error error{ErrorCode::Unavailable, "people.busy", "too many sign in just now; try again"};
    error.retry_after_s = 2;
    return std::unexpected(std::move(error));
}

class Waiting {
public:
    explicit Waiting(std::atomic<int>& count) : count_(count), number_(count.fetch_add(1)) {}
    ~Waiting() { count_.fetch_sub(1); }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    [[nodiscard]] bool is_too_many() const { return number_ >= kWaitingMax; }

private:
    std::atomic<int>& count_;
    int number_;
};

}  // namespace

PasswordPool::PasswordPool(std::size_t threads, PasswordCost cost)
    : cost_(cost), nobodys_hash_(hash_password("nobody's password", cost)), threads_(threads) {}

PasswordPool::~PasswordPool() { threads_.join(); }

asio::awaitable<Result<std::string>> PasswordPool::hash_here(std::string password) {
    try {
        co_return hash_password(password, cost_);
    } catch (const std::bad_alloc&) {
        co_return busy();
    }
}

asio::awaitable<Result<PasswordPool::Verdict>> PasswordPool::verify_here(std::string hash,
                                                                         std::string password) {
    const bool is_somebodys = !hash.empty();
    const bool is_right = verify_password(is_somebodys ? hash : nobodys_hash_, password);
    co_return Verdict{.is_right = is_right && is_somebodys,
                      .is_of_other_cost = is_somebodys && is_of_other_cost(hash, cost_)};
}

asio::awaitable<Result<std::string>> PasswordPool::hash(std::string password) {
    const Waiting waiting(waiting_);
    if (waiting.is_too_many()) co_return busy();
    co_return co_await asio::co_spawn(threads_, hash_here(std::move(password)),
                                      asio::use_awaitable);
}

asio::awaitable<Result<PasswordPool::Verdict>> PasswordPool::verify(std::string hash,
                                                                    std::string password) {
    const Waiting waiting(waiting_);
    if (waiting.is_too_many()) co_return busy();
    co_return co_await asio::co_spawn(threads_, verify_here(std::move(hash), std::move(password)),
                                      asio::use_awaitable);
}

}  // namespace turnpike
