#include "payments/razorpay/exchange.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "json/value.h"
#include "payments/errors.h"
#include "payments/razorpay/notes.h"
#include "payments/razorpay/provider.h"
#include "payments/razorpay/refusal.h"
#include "payments/razorpay/translate.h"
#include "payments/reply_reader.h"

namespace turnpike::razorpay {
namespace {

using Found = std::optional<std::string>;

constexpr std::size_t kPageSize = 100;
/// Clocks that disagree by less do not hide an object.
constexpr std::chrono::hours kClockMargin{24};

std::optional<std::int64_t> read_skip(const std::string& text) {
    std::int64_t skip = 0;
    const char* end = text.data() + text.size();
    const auto [rest, problem] = std::from_chars(text.data(), end, skip);
    if (problem != std::errc() || rest != end || skip < 0) return std::nullopt;
    return skip;
}

/// The path without its last segment, when that is `action`.
std::optional<std::string> without_action(const std::string& path, std::string_view action) {
    if (!path.ends_with(action)) return std::nullopt;
    return path.substr(0, path.size() - action.size());
}

std::string since(const Intent& intent) {
    return fmt::format("from={}", unix_seconds(intent.created_at - kClockMargin));
}

bool same_text(const Json& object, const Json& sent, const char* name) {
    return text_member(object, name) == text_member(sent, name);
}

bool shows_effect(const Intent& intent, const Json& object) {
    const auto status = text_member(object, "status");
    if (intent.path.ends_with("/cancel")) return is_ended(object);
    if (intent.path.ends_with("/pause")) return status == "paused";
    if (intent.path.ends_with("/resume")) return status == "active";
    if (intent.path.ends_with("/cancel_scheduled_changes"))
        return !ReplyReader(object, "subscription").flag("has_scheduled_changes");
    if (intent.path.ends_with("/issue")) return !status.empty() && status != "draft";
    const auto sent = parse_json(intent.body);
    if (!sent || !sent->is_object()) return false;
    if (intent.method == "PATCH" && sent->contains("start_at"))
        return object.value("start_at", Json()) == sent->at("start_at");
    if (intent.method == "PATCH" && text_member(*sent, "schedule_change_at") == "cycle_end")
        return ReplyReader(object, "subscription").flag("has_scheduled_changes");
    if (intent.method == "PATCH")
        return same_text(object, *sent, "plan_id") &&
               object.value("quantity", Json()) == sent->value("quantity", Json());
    return same_text(object, *sent, "name") && same_text(object, *sent, "email");
}

}  // namespace

RazorpayExchange::RazorpayExchange(const ClientConfig& config, http::Client& http,
                                   IntentWorld world, ClientMetrics metrics)
    : Exchange({.provider = kProviderName,
                .read_refusal = read_refusal,
                .absent_after = kAbsentAfter,
                .deleted_reply = "[]"},
               config, wire_of(config), http, world, std::move(metrics)) {}

asio::awaitable<Result<ListPage>> RazorpayExchange::get_page(std::string path, std::string query,
                                                             std::optional<std::string> after) {
    const auto skip = read_skip(after.value_or("0"));
    if (!skip) co_return std::unexpected(no_such("page"));
    if (!query.empty()) query += '&';
    query += fmt::format("count={}&skip={}", kPageSize, *skip);
    const auto object = co_await get(std::move(path), std::move(query));
    if (!object) co_return failure(object);
    auto items = read_collection(*object);
    if (!items) co_return failure(items);
    ListPage page{*std::move(items), std::nullopt};
    // What is made while we read moves the rest on: some come twice, none is missed.
    if (page.items.size() >= kPageSize)
        page.next = std::to_string(*skip + static_cast<std::int64_t>(page.items.size()));
    co_return page;
}

asio::awaitable<Result<std::monostate>> RazorpayExchange::walk(std::string path, std::string query,
                                                               VisitPage visit) {
    ReadPage read = [&](std::optional<std::string> after) {
        return get_page(path, query, std::move(after));
    };
    co_return co_await walk_pages(std::move(read), std::move(visit));
}

asio::awaitable<Result<std::vector<Json>>> RazorpayExchange::get_all(std::string path,
                                                                     std::string query) {
    ReadPage read = [&](std::optional<std::string> after) {
        return get_page(path, query, std::move(after));
    };
    co_return co_await read_all_pages(std::move(read));
}

asio::awaitable<Result<Found>> RazorpayExchange::find_first(std::string path, std::string query,
                                                            std::function<bool(const Json&)> fits) {
    Found found;
    VisitPage look = [&](std::vector<Json>& items) {
        const auto first = std::ranges::find_if(items, fits);
        if (first == items.end()) return told(Walk::On);
        found = to_text(*first);
        return told(Walk::Enough);
    };
    const auto walked = co_await walk(std::move(path), std::move(query), std::move(look));
    if (!walked) co_return failure(walked);
    co_return found;
}

asio::awaitable<Result<Found>> RazorpayExchange::find_made(const Intent& intent) {
    const auto note = obligation_note(intent.obligation);
    auto is_it = [&](const Json& object) { return note_in(object, kObligationKey) == note; };
    co_return co_await find_first(intent.path, since(intent), std::move(is_it));
}

asio::awaitable<Result<Found>> RazorpayExchange::find_addon(const Intent& intent) {
    const auto reference = addon_reference(intent.obligation);
    auto is_it = [&](const Json& addon) {
        const auto item = addon.find("item");
        return item != addon.end() && item->is_object() &&
               text_member(*item, "description").starts_with(reference);
    };
    co_return co_await find_first(std::string(kAddons), since(intent), std::move(is_it));
}

asio::awaitable<Result<Found>> RazorpayExchange::find_refund(const Intent& intent) {
    const auto note = obligation_note(intent.obligation);
    auto is_it = [&](const Json& refund) { return note_in(refund, kObligationKey) == note; };
    // Of "/v1/payments/pay_../refund": the list of that payment's.
    co_return co_await find_first(intent.path + "s", "", std::move(is_it));
}

asio::awaitable<Result<Found>> RazorpayExchange::find_changed(const Intent& intent) {
    std::string path = intent.path;
    for (const std::string_view action :
         {"/cancel", "/issue", "/pause", "/resume", "/cancel_scheduled_changes"})
        if (const auto object = without_action(intent.path, action)) path = *object;
    const auto object = co_await get(path);
    const bool gone = !object && object.error().code == ErrorCode::NotFound;
    if (gone && intent.method == "DELETE") co_return Found("{}");
    if (gone) co_return Found();
    if (!object) co_return failure(object);
    if (intent.method == "DELETE" || !shows_effect(intent, *object)) co_return Found();
    co_return Found(to_text(*object));
}

asio::awaitable<Result<Found>> RazorpayExchange::find_outcome(Intent intent) {
    if (intent.path == kDraftPath) co_return Found(intent.body);
    const bool makes =
        intent.method == "POST" && (intent.path == kCustomers || intent.path == kPlans ||
                                    intent.path == kSubscriptions || intent.path == kInvoices);
    if (makes) co_return co_await find_made(intent);
    if (intent.path.ends_with("/addons")) co_return co_await find_addon(intent);
    if (intent.path.ends_with("/refund")) co_return co_await find_refund(intent);
    co_return co_await find_changed(intent);
}

Error no_such(std::string_view what) { return turnpike::no_such(kProviderName, what); }

std::string addon_reference(const std::string& obligation) {
    return std::string(kAddonPrefix) + to_hex(sha256(obligation)).substr(0, 32);
}

}  // namespace turnpike::razorpay
