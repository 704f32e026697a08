#include "billing/life/returned_money.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "access/page.h"
#include "billing/life/sync.h"
#include "billing/telling/moves.h"
#include "customers/provider_link.h"
#include "invoicing/refunds.h"
#include "invoicing/service.h"
#include "payments/exchange.h"

namespace turnpike {
namespace {

constexpr std::string_view kObligationPrefix = "refund:";
constexpr int kUnsettledPage = 100;

/// Who paid, and for what, as far as the ledger knows both.
struct Bought {
    std::optional<CustomerId> customer{};
    std::optional<InvoiceId> invoice{};
};

/// The invoice says whose it is; a provider may take each payer for a customer of his own.
Bought find_bought(sql::Transaction& tx, std::string_view provider, const PaidFor& paid_for) {
    Bought bought;
    if (paid_for.invoice) {
        if (const auto invoice = find_invoice_of_provider(tx, provider, *paid_for.invoice)) {
            bought.invoice = invoice->id;
            bought.customer = invoice->customer;
        }
    }
    if (!bought.customer && paid_for.customer)
        bought.customer = find_customer_of_provider(tx, provider, *paid_for.customer);
    return bought;
}

/// Ours, when it was asked for here and the provider has not been heard of it yet.
std::optional<Refund> find_asked_for(sql::Transaction& tx, std::string_view provider,
                                     const ProviderRefund& theirs) {
    const auto tag = theirs.metadata.find(std::string(kObligationKey));
    if (tag == theirs.metadata.end() || !tag->second.starts_with(kObligationPrefix))
        return std::nullopt;
    const auto id = RefundId::parse(tag->second.substr(kObligationPrefix.size()));
    if (!id) return std::nullopt;
    auto ours = load_refund(tx, *id);
    if (!ours || ours->provider != provider || ours->provider_refund) return std::nullopt;
    return *std::move(ours);
}

bool is_known(sql::Transaction& tx, std::string_view provider,
              const std::optional<std::string>& invoice) {
    return !invoice || find_invoice_of_provider(tx, provider, *invoice).has_value();
}

/// An event may come before that of the invoice which it is about.
asio::awaitable<Result<std::monostate>> know_invoice(BillingContext& billing,
                                                     const PaidFor& paid_for,
                                                     const Authority& authority) {
    const bool known = co_await billing.db.read([&](sql::Transaction& tx) {
        return is_known(tx, billing.provider.name(), paid_for.invoice);
    });
    if (known) co_return std::monostate{};
    co_return co_await sync_invoice(billing, *paid_for.invoice, authority);
}

/// A refund, or a dispute: fetches it and mirrors it.
template <class Theirs, class Ours>
asio::awaitable<Result<std::monostate>> sync_returned(
    BillingContext& billing, std::string id, Authority authority,
    asio::awaitable<Result<Theirs>> (PaymentProvider::*get)(std::string),
    Result<std::optional<Ours>> (*mirror)(sql::Transaction&, const MirrorScope&, const Theirs&)) {
    const auto ticket =
        co_await billing.db.write([](sql::Transaction& tx) { return next_fetch_ticket(tx); });
    const auto theirs = co_await (billing.provider.*get)(std::move(id));
    if (!theirs && theirs.error().code == ErrorCode::NotFound) co_return std::monostate{};
    if (!theirs) co_return failure(theirs);
    const auto known = co_await know_invoice(billing, theirs->paid_for, authority);
    if (!known) co_return failure(known);
    const MirrorScope scope{.provider = billing.provider.name(),
                            .ids = billing.ids,
                            .now = billing.clock.now(),
                            .authority = std::move(authority),
                            .ticket = ticket};
    const auto mirrored =
        co_await billing.db.write([&](sql::Transaction& tx) { return mirror(tx, scope, *theirs); });
    if (!mirrored) co_return failure(mirrored);
    co_return std::monostate{};
}

/// All of these statuses, oldest first.
template <class Ours>
std::vector<Ours> list_all(sql::Transaction& tx, const std::string& provider,
                           std::initializer_list<std::string_view> statuses,
                           std::vector<Ours> (*list)(sql::Transaction&, const RefundFilter&,
                                                     const PageQuery&)) {
    std::vector<Ours> all;
    for (const auto status : statuses) {
        PageQuery query{.limit = kUnsettledPage};
        const RefundFilter filter{.status = std::string(status), .provider = provider};
        for (bool has_more = true; has_more;) {
            auto page = cut_page(list(tx, filter, query), query);
            has_more = page.has_more;
            if (has_more) query.after = {page.items.back().created_at, page.items.back().id.text()};
            std::ranges::move(page.items, std::back_inserter(all));
        }
    }
    std::ranges::sort(all, {}, &Ours::created_at);
    return all;
}

/// The provider's ids of what may have moved on unheard: pending refunds, open disputes.
struct Unsettled {
    std::vector<std::string> refunds{}, disputes{};
};
Unsettled find_unsettled(sql::Transaction& tx, const std::string& provider) {
    Unsettled found;
    for (const auto& one : list_all<Refund>(tx, provider, {"pending"}, list_refunds))
        if (one.provider_refund) found.refunds.push_back(*one.provider_refund);
    for (const auto& one : list_all<Dispute>(
             tx, provider, {"inquiry", "needs_response", "under_review"}, list_disputes))
        found.disputes.push_back(one.provider_dispute);
    return found;
}

bool is_refund_as_known(sql::Transaction& tx, std::string_view provider,
                        const ProviderRefund& theirs) {
    const auto ours = find_refund_of_provider(tx, provider, theirs.id);
    return ours && to_text(ours->status) == theirs.status && ours->amount == theirs.amount;
}

bool is_dispute_as_known(sql::Transaction& tx, std::string_view provider,
                         const ProviderDispute& theirs) {
    const auto ours = find_dispute_of_provider(tx, provider, theirs.id);
    return ours && to_text(ours->status) == theirs.status && ours->amount == theirs.amount;
}

/// What catching up with refunds and with disputes differ in.
template <class Theirs>
struct ReturnKind {
    std::string_view name;
    asio::awaitable<Result<ProviderPage<Theirs>>> (*list)(PaymentProvider&, Instant since,
                                                          std::optional<std::string> after);
    bool (*is_as_known)(sql::Transaction&, std::string_view, const Theirs&);
    asio::awaitable<Result<std::monostate>> (*sync)(BillingContext&, std::string, Authority);
};

void say_not_mirrored(BillingContext& billing, std::string_view kind, std::string_view id,
                      const Error& error) {
    spdlog::error(
        "event=billing.return_not_mirrored provider={} kind={} id={} reason={} "
        "message=\"{}\"",
        billing.provider.name(), kind, id, error.reason.text(), error.message);
}

/// One that cannot be taken in must not hide the others: it is said, and tried again with the next
/// run. Errors: those of a provider that cannot be reached.
template <class Theirs>
asio::awaitable<Result<std::monostate>> catch_up_one(BillingContext& billing,
                                                     const ReturnKind<Theirs>& kind, std::string id,
                                                     const Authority& authority) {
    auto synced = co_await kind.sync(billing, id, authority);
    if (synced || synced.error().code == ErrorCode::Unavailable) co_return synced;
    say_not_mirrored(billing, kind.name, id, synced.error());
    co_return std::monostate{};
}

/// Those that were made since, and then the others of `unsettled`.
template <class Theirs>
asio::awaitable<Result<std::monostate>> catch_up_kind(BillingContext& billing,
                                                      ReturnKind<Theirs> kind, Instant since,
                                                      std::vector<std::string> unsettled,
                                                      Authority authority) {
    std::optional<std::string> after;
    do {
        const auto page = co_await kind.list(billing.provider, since, after);
        if (!page) co_return failure(page);
        for (const auto& theirs : page->items) {
            const bool known = co_await billing.db.read([&](sql::Transaction& tx) {
                return kind.is_as_known(tx, billing.provider.name(), theirs);
            });
            if (known) continue;
            const auto synced = co_await catch_up_one(billing, kind, theirs.id, authority);
            if (!synced) co_return failure(synced);
            std::erase(unsettled, theirs.id);
        }
        after = page->next;
    } while (after);
    for (auto& id : unsettled) {
        const auto synced = co_await catch_up_one(billing, kind, std::move(id), authority);
        if (!synced) co_return failure(synced);
    }
    co_return std::monostate{};
}

asio::awaitable<Result<ProviderPage<ProviderRefund>>> list_their_refunds(
    PaymentProvider& provider, Instant since, std::optional<std::string> after) {
    return provider.list_refunds({.payment = {}, .since = since}, std::move(after));
}

/// None where the provider is not asked for a list: there only events tell of new ones.
asio::awaitable<Result<ProviderPage<ProviderDispute>>> list_their_disputes(
    PaymentProvider& provider, Instant since, std::optional<std::string> after) {
    if (!provider.check_ability(Ability::ListDisputes)) co_return ProviderPage<ProviderDispute>{};
    co_return co_await provider.list_disputes(since, std::move(after));
}

}  // namespace

std::string obligation_of(const RefundId& refund) {
    return std::string(kObligationPrefix) + refund.text();
}

Result<std::optional<Refund>> mirror_refund(sql::Transaction& tx, const MirrorScope& scope,
                                            const ProviderRefund& theirs) {
    const auto status = parse_refund_status(theirs.status);
    if (!status || *status == RefundStatus::Creating)
        return fail(ErrorCode::Unprocessable, "refund.unknown_status",
                    "the provider's refund status '" + theirs.status + "' is not known here");
    auto before = find_refund_of_provider(tx, scope.provider, theirs.id);
    if (!before) before = find_asked_for(tx, scope.provider, theirs);
    const auto bought = find_bought(tx, scope.provider, theirs.paid_for);
    const Refund ours{.id = before ? before->id : scope.ids.make<RefundId>(scope.now),
                      .provider = std::string(scope.provider),
                      .provider_refund = theirs.id,
                      .payment = theirs.payment,
                      .customer = bought.customer,
                      .invoice = bought.invoice,
                      .amount = theirs.amount,
                      .status = *status,
                      .reason = theirs.reason,
                      .failure_reason = theirs.failure_reason,
                      .created_at = before ? before->created_at : theirs.created};
    auto kept = keep_refund(tx, ours, scope.ticket, scope.now);
    if (kept) tell_refund_move(tx, {scope.ids, scope.now, scope.authority}, before, *kept);
    return kept;
}

Result<std::optional<Dispute>> mirror_dispute(sql::Transaction& tx, const MirrorScope& scope,
                                              const ProviderDispute& theirs) {
    const auto status = parse_dispute_status(theirs.status);
    if (!status)
        return fail(ErrorCode::Unprocessable, "dispute.unknown_status",
                    "the provider's dispute status '" + theirs.status + "' is not known here");
    const auto before = find_dispute_of_provider(tx, scope.provider, theirs.id);
    const auto bought = find_bought(tx, scope.provider, theirs.paid_for);
    const Dispute ours{.id = scope.ids.make<DisputeId>(scope.now),
                       .provider = std::string(scope.provider),
                       .provider_dispute = theirs.id,
                       .payment = theirs.payment,
                       .customer = bought.customer,
                       .invoice = bought.invoice,
                       .amount = theirs.amount,
                       .status = *status,
                       .reason = theirs.reason,
                       .respond_by = theirs.respond_by,
                       .created_at = theirs.created};
    auto kept = keep_dispute(tx, ours, scope.ticket, scope.now);
    if (kept) tell_dispute_move(tx, {scope.ids, scope.now, scope.authority}, before, *kept);
    return kept;
}

asio::awaitable<Result<std::monostate>> sync_refund(BillingContext& billing,
                                                    std::string provider_id, Authority authority) {
    co_return co_await sync_returned<ProviderRefund, Refund>(
        billing, std::move(provider_id), std::move(authority), &PaymentProvider::get_refund,
        mirror_refund);
}

asio::awaitable<Result<std::monostate>> sync_dispute(BillingContext& billing,
                                                     std::string provider_id, Authority authority) {
    co_return co_await sync_returned<ProviderDispute, Dispute>(
        billing, std::move(provider_id), std::move(authority), &PaymentProvider::get_dispute,
        mirror_dispute);
}

asio::awaitable<Result<std::monostate>> sync_refunds_of(BillingContext& billing,
                                                        std::string payment, Authority authority) {
    std::optional<Error> first;
    std::optional<std::string> after;
    do {
        RefundQuery query{.payment = payment};
        const auto page = co_await billing.provider.list_refunds(std::move(query), after);
        if (!page && page.error().code == ErrorCode::NotFound) co_return std::monostate{};
        if (!page) co_return failure(page);
        for (const auto& refund : page->items) {
            auto synced = co_await sync_refund(billing, refund.id, authority);
            if (synced) continue;
            if (synced.error().code == ErrorCode::Unavailable) co_return synced;
            say_not_mirrored(billing, "refund", refund.id, synced.error());
            if (!first) first = std::move(synced.error());
        }
        after = page->next;
    } while (after);
    if (first) co_return std::unexpected(*std::move(first));
    co_return std::monostate{};
}

asio::awaitable<Result<std::monostate>> catch_up_returns(BillingContext& billing, Instant since,
                                                         Authority authority) {
    const std::string provider(billing.provider.name());
    auto unsettled = co_await billing.db.read(
        [&](sql::Transaction& tx) { return find_unsettled(tx, provider); });
    const ReturnKind<ProviderRefund> refunds{"refund", list_their_refunds, is_refund_as_known,
                                             sync_refund};
    const auto caught_up =
        co_await catch_up_kind(billing, refunds, since, std::move(unsettled.refunds), authority);
    if (!caught_up) co_return failure(caught_up);
    const ReturnKind<ProviderDispute> disputes{"dispute", list_their_disputes, is_dispute_as_known,
                                               sync_dispute};
    co_return co_await catch_up_kind(billing, disputes, since, std::move(unsettled.disputes),
                                     std::move(authority));
}

}  // namespace turnpike
