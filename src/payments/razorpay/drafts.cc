#include "payments/razorpay/drafts.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "json/value.h"
#include "payments/currencies.h"
#include "payments/razorpay/notes.h"
#include "payments/razorpay/provider.h"
#include "payments/razorpay/refusal.h"
#include "payments/reply_reader.h"

namespace turnpike::razorpay {
namespace {

constexpr std::string_view kPrefix = "draft_";
constexpr std::size_t kIdBytes = kPrefix.size() + 32;

/// The obligation of the intent that is place `place` of the draft.
std::string place_of(const std::string& draft, int place) {
    return fmt::format("{}:{}", draft, place);
}

std::vector<std::string> places_of(const std::string& draft) {
    std::vector<std::string> places;
    for (int place = 0; place < kDraftPlacesMax; ++place) places.push_back(place_of(draft, place));
    return places;
}

std::unexpected<Error> draft_refuses(std::string message) {
    return conflict(kRefused, std::move(message));
}

/// Takes the place for `entry`; false when somebody else has it.
asio::awaitable<Result<bool>> take_place(RazorpayExchange& exchange, std::string obligation,
                                         const Json& entry) {
    IntentRequest request{.provider = std::string(kProviderName),
                          .obligation = std::move(obligation),
                          .method = "POST",
                          .path = std::string(kDraftPath),
                          .body = to_text(entry)};
    SendIntent keep = [](const Intent& intent) -> asio::awaitable<Sent> {
        co_return Sent{.fate = SendFate::Succeeded, .http_status = 200, .body = intent.body};
    };
    const auto kept = co_await perform(exchange.world(), std::move(request), std::move(keep));
    if (kept) co_return true;
    if (kept.error().reason == Reason("payment.obligation_changed")) co_return false;
    co_return failure(kept);
}

void apply_entry(Draft& draft, int place, const Json& entry) {
    if (place == 0) {
        draft.head = entry;
    } else if (entry.contains("end")) {
        draft.ended = true;
    } else if (entry.contains("removes")) {
        const auto removed = entry.at("removes").get<int>();
        std::erase_if(draft.lines,
                      [removed](const DraftLine& line) { return line.place == removed; });
    } else {
        draft.lines.push_back({place, entry});
    }
}

struct LoadedDraft {
    Draft draft;
    std::vector<Json> log;
};

asio::awaitable<Result<LoadedDraft>> load_log(RazorpayExchange& exchange, std::string id) {
    auto read = [&](sql::Transaction& tx) {
        return find_intents(tx, kProviderName, places_of(id));
    };
    auto places = co_await exchange.world().db.read(std::move(read));
    std::ranges::sort(places, {}, [](const Intent& place) {
        return std::pair(place.obligation.size(), place.obligation);
    });
    if (places.empty()) co_return std::unexpected(no_such("invoice"));
    LoadedDraft loaded;
    loaded.draft.id = id;
    loaded.draft.created = places.front().created_at;
    for (const Intent& place : places) {
        auto entry = parse_json(place.body);
        if (!entry) co_return failure(entry);
        apply_entry(loaded.draft, static_cast<int>(loaded.log.size()), *entry);
        loaded.log.push_back(*std::move(entry));
    }
    co_return loaded;
}

/// What to write next; nullopt: it is there already.
using Decide = std::function<Result<std::optional<Json>>(const LoadedDraft&)>;

/// Loads, decides, and takes the first free place; again when somebody was quicker.
/// \return the draft as it is then, with all its log
asio::awaitable<Result<LoadedDraft>> append(RazorpayExchange& exchange, std::string id,
                                            Decide decide) {
    auto loaded = co_await load_log(exchange, id);
    while (true) {
        if (!loaded) co_return failure(loaded);
        auto entry = decide(*loaded);
        if (!entry) co_return failure(entry);
        if (!*entry) co_return loaded;
        if (loaded->log.size() >= static_cast<std::size_t>(kDraftPlacesMax))
            co_return draft_refuses("the invoice has been changed too often");
        const auto place = static_cast<int>(loaded->log.size());
        const auto taken = co_await take_place(exchange, place_of(id, place), **entry);
        if (!taken) co_return failure(taken);
        if (*taken) {
            apply_entry(loaded->draft, place, **entry);
            loaded->log.push_back(**std::move(entry));
            co_return loaded;
        }
        loaded = co_await load_log(exchange, id);
    }
}

Json line_entry(const NewInvoiceItem& request) {
    Json metadata = Json::object();
    for (const auto& [name, value] : request.metadata) metadata[name] = value;
    return Json{{"obligation", request.obligation},
                {"amount", request.amount.minor()},
                {"currency", to_text(request.amount.currency())},
                {"name", request.description},
                {"start", unix_seconds(request.period.start)},
                {"end_at", unix_seconds(request.period.end)},
                {"metadata", std::move(metadata)}};
}

/// The place of the line with this obligation, removed or not.
std::optional<int> place_of_line(const LoadedDraft& loaded, const std::string& obligation) {
    for (std::size_t i = 1; i < loaded.log.size(); ++i)
        if (loaded.log[i].contains("amount") && loaded.log[i].at("obligation") == obligation)
            return static_cast<int>(i);
    return std::nullopt;
}

Result<std::optional<Json>> decide_line(const LoadedDraft& loaded, const Json& entry,
                                        const std::string& currency) {
    const auto known = place_of_line(loaded, entry.at("obligation").get<std::string>());
    if (known && loaded.log[static_cast<std::size_t>(*known)] == entry) return std::nullopt;
    if (known)
        return conflict("payment.obligation_changed", "the line was asked for otherwise before");
    if (loaded.draft.ended) return draft_refuses("the invoice is no draft any more");
    if (loaded.draft.lines.size() >= kLinesMax)
        return draft_refuses("razorpay takes 50 lines on an invoice");
    if (loaded.draft.head.at("currency") != currency)
        return draft_refuses("the line is in another currency than the invoice");
    return std::optional(entry);
}

struct DraftLineId {
    std::string draft;
    int place = 0;
};
std::optional<DraftLineId> parse_line_id(std::string_view item) {
    if (item.size() <= kIdBytes + 1 || item[kIdBytes] != '_') return std::nullopt;
    DraftLineId id{std::string(item.substr(0, kIdBytes)), 0};
    const auto number = item.substr(kIdBytes + 1);
    const char* end = number.data() + number.size();
    const auto [rest, problem] = std::from_chars(number.data(), end, id.place);
    if (problem != std::errc() || rest != end || id.place < 1 || !is_draft_id(id.draft))
        return std::nullopt;
    return id;
}

std::string line_id(const std::string& draft, int place) {
    return fmt::format("{}_{}", draft, place);
}

std::map<std::string, std::string> metadata_of(const Json& entry) {
    return ReplyReader(entry, "draft").texts("metadata");
}

}  // namespace

bool is_draft_id(std::string_view invoice) {
    return invoice.size() == kIdBytes && invoice.starts_with(kPrefix);
}

bool is_draft_line_id(std::string_view item) { return parse_line_id(item).has_value(); }

std::string draft_id(const std::string& obligation) {
    return std::string(kPrefix) + to_hex(sha256(obligation)).substr(0, 32);
}

asio::awaitable<Result<Draft>> load_draft(RazorpayExchange& exchange, std::string id) {
    auto loaded = co_await load_log(exchange, std::move(id));
    if (!loaded) co_return failure(loaded);
    co_return std::move(loaded->draft);
}

asio::awaitable<Result<Draft>> open_draft(RazorpayExchange& exchange, NewInvoice request) {
    Json metadata = Json::object();
    for (const auto& [name, value] : request.metadata) metadata[name] = value;
    const Json head{{"obligation", request.obligation},
                    {"customer", request.customer},
                    {"currency", to_text(request.currency)},
                    {"metadata", std::move(metadata)}};
    const auto id = draft_id(request.obligation);
    const auto opened = co_await take_place(exchange, place_of(id, 0), head);
    if (!opened) co_return failure(opened);
    if (!*opened)
        co_return conflict("payment.obligation_changed",
                           request.obligation + " was asked for with other content before");
    co_return co_await load_draft(exchange, id);
}

asio::awaitable<Result<std::string>> add_draft_line(RazorpayExchange& exchange,
                                                    NewInvoiceItem request) {
    const Json entry = line_entry(request);
    const std::string currency(to_text(request.amount.currency()));
    Decide decide = [&](const LoadedDraft& loaded) { return decide_line(loaded, entry, currency); };
    const std::string id = request.invoice.value_or("");
    const auto written = co_await append(exchange, id, std::move(decide));
    if (!written) co_return failure(written);
    co_return line_id(id, *place_of_line(*written, request.obligation));
}

asio::awaitable<Result<std::monostate>> remove_draft_line(RazorpayExchange& exchange,
                                                          std::string item) {
    const auto id = parse_line_id(item);
    if (!id) co_return std::unexpected(no_such("invoice item"));
    Decide decide = [&](const LoadedDraft& loaded) -> Result<std::optional<Json>> {
        const auto& lines = loaded.draft.lines;
        const bool there = std::ranges::find(lines, id->place, &DraftLine::place) != lines.end();
        if (!there) return std::nullopt;
        if (loaded.draft.ended) return draft_refuses("the invoice is no draft any more");
        return std::optional(Json{{"removes", id->place}});
    };
    const auto written = co_await append(exchange, id->draft, std::move(decide));
    if (!written) co_return failure(written);
    co_return std::monostate{};
}

asio::awaitable<Result<Draft>> end_draft(RazorpayExchange& exchange, std::string id) {
    Decide decide = [](const LoadedDraft& loaded) -> Result<std::optional<Json>> {
        if (loaded.draft.ended) return std::nullopt;
        if (loaded.draft.lines.empty()) return draft_refuses("an invoice without lines is none");
        return std::optional(Json{{"end", true}});
    };
    auto ended = co_await append(exchange, std::move(id), std::move(decide));
    if (!ended) co_return failure(ended);
    co_return std::move(ended->draft);
}

Result<ProviderInvoice> read_draft(const Draft& draft) {
    ReplyReader head(draft.head, "draft");
    const auto currency = parse_currency(head.text("currency"));
    if (!currency) return unexpected_reply("draft.currency");
    ProviderInvoice invoice;
    invoice.id = draft.id;
    invoice.customer = head.text("customer");
    invoice.status = "draft";
    invoice.billing_reason = "manual";
    invoice.metadata = metadata_of(draft.head);
    invoice.created = draft.created;
    invoice.period = {draft.created, draft.created};
    invoice.total = Money(0, *currency);
    for (const DraftLine& kept : draft.lines) {
        ReplyReader fields(kept.entry, "draft line");
        ProviderInvoiceLine line;
        line.id = line_id(draft.id, kept.place);
        line.description = fields.text("name");
        line.amount = fields.amount("amount", *currency);
        line.period = {fields.instant("start"), fields.instant("end_at")};
        line.metadata = metadata_of(kept.entry);
        if (fields.complained()) return fields.finish(std::move(invoice));
        invoice.total = invoice.total + line.amount;
        invoice.lines.push_back(std::move(line));
    }
    invoice.subtotal = invoice.amount_due = invoice.total;
    invoice.amount_paid = Money(0, *currency);
    return head.finish(std::move(invoice));
}

void restore_lines(const Draft& draft, ProviderInvoice& invoice) {
    const auto kept = read_draft(draft);
    if (!kept || kept->lines.size() != invoice.lines.size()) return;
    for (std::size_t i = 0; i < invoice.lines.size(); ++i) {
        invoice.lines[i].period = kept->lines[i].period;
        invoice.lines[i].metadata = kept->lines[i].metadata;
    }
}

}  // namespace turnpike::razorpay
