#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <variant>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include "access/cursor.h"
#include "base/time.h"
#include "notices/notice.h"
#include "notices/smtp.h"
#include "sql/database.h"

namespace turnpike {

struct NoticeWorkerConfig {
    std::chrono::milliseconds poll{2'000};
    int at_once = 5;
    /// Longer than a mail server is waited for with all of them (smtp.cc: 30 s each).
    std::chrono::seconds lease{300};
};

/// What the worker works with; all of it outlives the worker.
struct NoticeWorld {
    sql::Database& db;
    const Clock& clock;
    const CursorCodec& tokens;  ///< makes the links of opting out
    const SecretBox& box;
    Smtp* smtp;  ///< nullptr: nothing is sent, and what waits is given up in time
    std::string public_url;
    std::string upgrade_url;  ///< where a customer changes his plan; "": letters name no page
};

/// Sends notices, one after the other. Several on one database share them.
class NoticeWorker {
public:
    NoticeWorker(asio::io_context& io, NoticeWorld world, NoticeWorkerConfig config);
    NoticeWorker(const NoticeWorker&) = delete;
    NoticeWorker& operator=(const NoticeWorker&) = delete;

    /// Once.
    void start();
    /// Ends after the letter under way. Thread-safe.
    void stop();

private:
    asio::awaitable<void> run();
    asio::awaitable<void> send_due();
    [[nodiscard]] std::string opt_out_page(const ClaimedNotice& notice) const;
    asio::awaitable<Result<std::monostate>> hand_over(const ClaimedNotice& notice);
    asio::awaitable<void> send_one(const ClaimedNotice& notice);

    asio::strand<asio::io_context::executor_type> strand_;
    NoticeWorld world_;
    NoticeWorkerConfig config_;
    asio::steady_timer timer_;
    bool stopping_ = false;
};

/// The part of a link by which a reader ends reminders, and back.
std::string opt_out_token(const CursorCodec& tokens, const OptOut& wish);
/// Errors: NotFound "notices.unknown_token".
Result<OptOut> read_opt_out(const CursorCodec& tokens, std::string_view token);

}  // namespace turnpike
