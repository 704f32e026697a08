#include "billing/routes/refunds_api.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "access/page.h"
#include "audit/authority.h"
#include "billing/life/refunding.h"
#include "invoicing/refund_wire.h"
#include "invoicing/refunds.h"
#include "invoicing/service.h"
#include "invoicing/visible.h"
#include "json/object_reader.h"

namespace turnpike {
namespace {

constexpr auto kReasons =
    std::to_array<std::string_view>({"duplicate", "fraudulent", "requested_by_customer"});

struct RefundBody {
    RefundWish wish;
    std::optional<std::string> reason;
};

Result<RefundBody> read_refund_body(const http::Request& request) {
    RefundBody read;
    if (request.body.empty()) return read;
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    read.wish.amount = fields.optional_integer("amount", {.min = 1, .max = Money::kMaxMinor});
    if (const auto currency = fields.optional_text("currency")) {
        read.wish.currency = parse_currency(*currency);
        if (!read.wish.currency) fields.complain("currency", "wrong_value", "is not known here");
    }
    read.reason = fields.optional_text("reason");
    if (read.reason && std::ranges::find(kReasons, *read.reason) == kReasons.end())
        fields.complain("reason", "wrong_value",
                        "must be duplicate, fraudulent or requested_by_customer");
    return fields.finish(std::move(read));
}

bool is_refund_status(std::string_view text) { return parse_refund_status(text).has_value(); }
bool is_dispute_status(std::string_view text) { return parse_dispute_status(text).has_value(); }

/// What one listing differs in from the other.
template <class T>
struct Listing {
    std::string_view name;
    bool (*is_status)(std::string_view);
    std::vector<T> (*list)(sql::Transaction&, const RefundFilter&, const PageQuery&);
    Json (*write)(const T&);
};

/// The filter with whose rows the caller asks for, and may see; nullopt: he has none.
Result<std::optional<RefundFilter>> filter_seen_by(sql::Transaction& tx, const Principal& caller,
                                                   const http::Request& request,
                                                   RefundFilter filter) {
    const auto listed = customers_to_list(tx, caller, request.query_value("customer"));
    if (!listed) return failure(listed);
    if (!*listed) return std::optional<RefundFilter>();
    filter.customers = **listed;
    return std::optional(std::move(filter));
}

template <class T>
asio::awaitable<Result<http::Response>> answer_list(RefundsApi& api, const Principal& caller,
                                                    const http::Request& request, Listing<T> what) {
    const auto read = read_refund_filter(request, what.is_status);
    if (!read) co_return failure(read);
    const auto filter = co_await api.billing.db.read(
        [&](sql::Transaction& tx) { return filter_seen_by(tx, caller, request, *read); });
    if (!filter) co_return failure(filter);
    const std::string listing =
        *filter ? listing_of(what.name, **filter) : std::string(what.name) + " of nobody";
    const auto query = read_page(request, api.cursors, listing, kRefundFilters);
    if (!query) co_return failure(query);
    if (!*filter) co_return list_response(Json::array(), api.cursors, listing, std::nullopt);

    auto fetched = co_await api.billing.db.read(
        [&](sql::Transaction& tx) { return what.list(tx, **filter, *query); });
    const auto page = cut_page(std::move(fetched), *query);
    Json data = Json::array();
    for (const auto& item : page.items) data.push_back(what.write(item));
    std::optional<PageMark> last;
    if (page.has_more) last = PageMark{page.items.back().created_at, page.items.back().id.text()};
    co_return list_response(std::move(data), api.cursors, listing, last);
}

}  // namespace

RefundsApi::Answer RefundsApi::get_refunds(const Principal& caller, const http::Request& request) {
    const Listing<Refund> refunds{"refunds", is_refund_status, list_refunds, write_refund};
    return answer_list(*this, caller, request, refunds);
}

RefundsApi::Answer RefundsApi::get_disputes(const Principal& caller, const http::Request& request) {
    const Listing<Dispute> disputes{"disputes", is_dispute_status, list_disputes, write_dispute};
    return answer_list(*this, caller, request, disputes);
}

RefundsApi::Answer RefundsApi::post_refund(const Principal& caller, const http::Request& request) {
    const auto id = InvoiceId::parse(request.path_value("invoice"));
    if (!id) co_return not_found("invoice.not_found", "there is no such invoice");
    auto body = read_refund_body(request);
    if (!body) co_return failure(body);
    const auto invoice =
        co_await billing.db.read([&](sql::Transaction& tx) { return load_invoice(tx, *id); });
    if (!invoice) co_return failure(invoice);
    const auto context = billing.of(invoice->provider);
    if (!context) co_return failure(context);
    RefundRequest wanted{.invoice = *id,
                         .wish = body->wish,
                         .reason = std::move(body->reason),
                         .authority = authority_of(caller, request)};
    const auto refund = co_await refund_invoice(**context, std::move(wanted));
    if (!refund) co_return failure(refund);
    co_return http::json_response(201, write_refund(*refund));
}

}  // namespace turnpike
