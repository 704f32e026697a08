#include "billing/routes/explain_api.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "access/page.h"
#include "billing/overage/explanation.h"
#include "billing/overage/recompute.h"
#include "invoicing/visible.h"
#include "json/object_reader.h"
#include "json/value.h"

namespace turnpike {
namespace {

/// The entries that a page shows: behind `after`, up to `last`, of those up to `all`.
struct EntryPageQuery {
    std::uint64_t after = 0, last = 0, all = 0;
    [[nodiscard]] bool has_more() const { return last < all; }
};

EntryPageQuery entries_of(const ExplainedCharge& charge, const PageQuery& page) {
    EntryPageQuery query{charge.entries_before, 0, charge.proof.entries};
    // A cursor is ours and says the number of the last entry of the page before it.
    if (!page.after.id.empty()) query.after = std::stoull(page.after.id);
    query.last = std::min(query.all, query.after + static_cast<std::uint64_t>(page.limit));
    return query;
}

Result<RecomputeOrder> read_order(const http::Request& request) {
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    RecomputeOrder order;
    const auto invoice = fields.optional_text("invoice");
    const auto since = fields.optional_instant("since");
    if (invoice && since) fields.complain("since", "wrong_value", "goes without an invoice");
    if (!invoice && !since) fields.complain("invoice", "required", "or since is required");
    if (since) order.since = *since;
    auto read = fields.finish(order);
    if (!read || !invoice) return read;
    const auto id = InvoiceId::parse(*invoice);
    if (!id) return not_found("invoice.not_found", "there is no such invoice");
    read->invoice = *id;
    return read;
}

Json write_recomputation(const RecomputeReport& report) {
    Json differences = Json::array();
    for (const auto& d : report.differences)
        differences.push_back(Json{{"object", d.object},
                                   {"field", d.field},
                                   {"stored", d.stored},
                                   {"recomputed", d.recomputed}});
    return Json{{"object", "recomputation"},
                {"charges", report.charges},
                {"entries", report.entries},
                {"differences", differences}};
}

}  // namespace

ExplainApi::Answer ExplainApi::get_explanation(const Principal& caller,
                                               const http::Request& request) {
    const auto id = InvoiceLineId::parse(request.path_value("invoice_line"));
    if (!id) co_return not_found("invoice_line.not_found", "there is no such invoice line");
    const auto known = check_query(request, {"limit", "cursor"});
    if (!known) co_return failure(known);
    const std::string listing = "usage entries of " + id->text();
    const auto page = read_page(request, cursors, listing);
    if (!page) co_return failure(page);
    const auto explained = co_await db.read([&](sql::Transaction& tx) -> Result<ExplainedLine> {
        const auto whose = invoices_visible_to(tx, caller);
        if (!whose) return not_found("invoice_line.not_found", "there is no such invoice line");
        return explain_line(tx, *id, *whose);
    });
    if (!explained) co_return failure(explained);

    Json answer = write_explanation(*explained);
    answer["events"] = Json();
    if (!explained->charge) co_return http::ok(answer);
    const ExplainedCharge& charge = *explained->charge;
    const EntryPageQuery entries = entries_of(charge, *page);
    const ChargeProof& proof = charge.proof;
    HistoryQuery query{charge.customer,    proof.subscription, proof.meter_key,
                       proof.period.start, entries.after,      entries.last};
    Json data = Json::array();
    SeeEntry see = [&](const CounterEntry& entry) {
        data.push_back(write_entry(entry, proof.period));
    };
    const auto read = co_await usage.read_history(std::move(query), std::move(see));
    if (!read) co_return failure(read);
    const PageMark last{Instant(), std::to_string(entries.last)};
    answer["events"] =
        Json{{"object", "list"},
             {"data", std::move(data)},
             {"has_more", entries.has_more()},
             {"next_cursor", entries.has_more() ? Json(cursors.seal(listing, last)) : Json()}};
    co_return http::ok(answer);
}

ExplainApi::Answer ExplainApi::post_recomputation(const Principal& /*caller*/,
                                                  const http::Request& request) {
    auto order = read_order(request);
    if (!order) co_return failure(order);
    const auto report =
        co_await recompute(db, usage, *std::move(order), [](std::uint64_t, std::uint64_t) {});
    if (!report) co_return failure(report);
    co_return http::ok(write_recomputation(*report));
}

}  // namespace turnpike
