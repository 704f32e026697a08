#include "notices/notice_worker.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include "base/check.h"
#include "notices/templates.h"

namespace turnpike {
namespace {

constexpr std::string_view kOptOutListing = "unsubscribe";

std::string_view template_of(std::string_view kind) {
    for (const auto& file : notice_templates())
        if (file.name.substr(0, file.name.rfind('.')) == kind) return file.text;
    check(false, "every kind of notice has a template");
    return {};
}

}  // namespace

std::string opt_out_token(const CursorCodec& tokens, const OptOut& wish) {
    return tokens.seal(kOptOutListing,
                       {Instant{}, wish.kind + ' ' + wish.customer.text() + ' ' + wish.recipient});
}

Result<OptOut> read_opt_out(const CursorCodec& tokens, std::string_view token) {
    const auto mark = tokens.open(kOptOutListing, token);
    if (!mark) return not_found("notices.unknown_token", "this link is not one of ours");
    const std::string& text = mark->id;
    const auto first = text.find(' ');
    const auto second = text.find(' ', first + 1);
    check(second != std::string::npos, "a token that we have made has three parts");
    return OptOut{text.substr(second + 1),
                  CustomerId::trusted(text.substr(first + 1, second - first - 1)),
                  text.substr(0, first)};
}

NoticeWorker::NoticeWorker(asio::io_context& io, NoticeWorld world, NoticeWorkerConfig config)
    : strand_(asio::make_strand(io)), world_(std::move(world)), config_(config), timer_(strand_) {}

void NoticeWorker::start() {
    asio::co_spawn(strand_, run(), [](const std::exception_ptr& error) {
        // It ends only when it is told to; nothing it calls may throw past it.
        check(error == nullptr, "the notice loop does not throw");
    });
}

void NoticeWorker::stop() {
    asio::post(strand_, [this] {
        stopping_ = true;
        timer_.cancel();
    });
}

asio::awaitable<void> NoticeWorker::run() {
    while (!stopping_) {
        try {
            co_await send_due();
        } catch (const sql::Failure& broken) {
            spdlog::warn("event=notices.wait error=\"{}\"", broken.what());
        }
        if (stopping_) co_return;
        timer_.expires_after(config_.poll);
        co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

asio::awaitable<void> NoticeWorker::send_due() {
    const Instant now = world_.clock.now();
    auto sweep = [now](sql::Transaction& tx) { return sweep_notices(tx, now); };
    co_await world_.db.write(std::move(sweep));
    if (world_.smtp == nullptr) co_return;
    auto claim = [this, now](sql::Transaction& tx) {
        return claim_notices(tx, now, now + config_.lease, config_.at_once);
    };
    const auto claimed = co_await world_.db.write(std::move(claim));
    for (const auto& notice : claimed) {
        if (stopping_) co_return;
        co_await send_one(notice);
    }
}

std::string NoticeWorker::opt_out_page(const ClaimedNotice& notice) const {
    if (!is_reminder(notice.kind) || !notice.customer) return "";
    return world_.public_url + "/v1/unsubscribe/" +
           opt_out_token(world_.tokens, {notice.recipient, *notice.customer, notice.kind});
}

asio::awaitable<Result<std::monostate>> NoticeWorker::hand_over(const ClaimedNotice& notice) {
    const SmtpConfig& smtp = world_.smtp->config();
    auto values = open_values(world_.box, notice);
    if (!values) co_return failure(values);
    (*values)["seller"] = smtp.seller.empty() ? smtp.from : smtp.seller;
    if (!world_.upgrade_url.empty()) (*values)["upgrade_url"] = world_.upgrade_url;
    const Envelope envelope{.from = smtp.from,
                            .seller = smtp.seller,
                            .to = notice.recipient,
                            .id = notice.id.text(),
                            .opt_out = opt_out_page(notice),
                            .at = notice.created_at};
    if (!envelope.opt_out.empty()) (*values)["opt_out_url"] = envelope.opt_out;
    auto message = write_message(render_letter(template_of(notice.kind), *values), envelope);
    co_return co_await world_.smtp->send(notice.recipient, std::move(message));
}

asio::awaitable<void> NoticeWorker::send_one(const ClaimedNotice& notice) {
    const auto sent = co_await hand_over(notice);
    const Instant now = world_.clock.now();
    auto mark = [&](sql::Transaction& tx) {
        if (sent)
            mark_notice_sent(tx, notice, now);
        else
            mark_notice_failed(tx, notice, sent.error(), now);
        return true;
    };
    co_await world_.db.write(std::move(mark));
    if (sent) co_return;
    spdlog::warn("event=notice.not_sent id={} kind={} try={} message=\"{}\"", notice.id.text(),
                 notice.kind, notice.attempts, sent.error().message);
}

}  // namespace turnpike
