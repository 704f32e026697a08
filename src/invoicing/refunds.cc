#include "invoicing/refunds.h"

#include <fmt/format.h>

#include "invoicing/visible.h"
#include "sql/known_word.h"
#include "sql/maybe_id.h"

namespace turnpike {
namespace {

/// Until the provider has named a refund, its own id stands where the provider's will.
std::string provider_id_of(const Refund& refund) {
    return refund.provider_refund.value_or(refund.id.text());
}

Refund refund_from(const sql::Row& row) {
    Refund refund{
        .id = row.id<RefundId>(0),
        .provider = row.text(1),
        .payment = row.text(3),
        .customer = sql::maybe_id<CustomerId>(row, 4),
        .invoice = sql::maybe_id<InvoiceId>(row, 5),
        .amount = Money(row.integer(7), known_word(parse_currency(row.text(6)))),
        .status = known_word(parse_refund_status(row.text(8))),
        .reason = row.maybe_text(9),
        .failure_reason = row.maybe_text(10),
        .created_at = row.instant(11),
    };
    if (row.text(2) != refund.id.text()) refund.provider_refund = row.text(2);
    return refund;
}

Dispute dispute_from(const sql::Row& row) {
    return Dispute{
        .id = row.id<DisputeId>(0),
        .provider = row.text(1),
        .provider_dispute = row.text(2),
        .payment = row.text(3),
        .customer = sql::maybe_id<CustomerId>(row, 4),
        .invoice = sql::maybe_id<InvoiceId>(row, 5),
        .amount = Money(row.integer(7), known_word(parse_currency(row.text(6)))),
        .status = known_word(parse_dispute_status(row.text(8))),
        .reason = row.text(9),
        .respond_by = row.maybe_instant(10),
        .created_at = row.instant(11),
    };
}

constexpr std::string_view kRefundsWhere = R"sql(
    SELECT id, provider, provider_refund_id, provider_payment_id, customer_id, invoice_id, currency,
           amount_minor, status, reason, failure_reason, created_at
      FROM refunds
     WHERE )sql";

constexpr std::string_view kDisputesWhere = R"sql(
    SELECT id, provider, provider_dispute_id, provider_payment_id, customer_id, invoice_id,
           currency, amount_minor, status, reason, respond_by, created_at
      FROM disputes
     WHERE )sql";

std::string where(std::string_view select, std::string_view rest) {
    return std::string(select).append(rest);
}

constexpr std::string_view kReserve = R"sql(
    UPDATE invoices SET refunded_minor = refunded_minor + $2
     WHERE id = $1 AND disputed = 0 AND currency = $3
       AND refunded_minor + $2 <= amount_paid_minor
)sql";

constexpr std::string_view kInsert = R"sql(
    INSERT INTO refunds (id, provider, provider_refund_id, provider_payment_id, customer_id,
           invoice_id, currency, amount_minor, status, reason, failure_reason, applied_ticket,
           created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
)sql";

constexpr std::string_view kTakeUp = R"sql(
    UPDATE refunds SET status = 'creating', failure_reason = NULL, updated_at = $2
     WHERE id = $1 AND status = 'failed' AND provider_refund_id = id
)sql";

constexpr std::string_view kNamePayment = R"sql(
    UPDATE refunds SET provider_payment_id = $2 WHERE id = $1 AND provider_payment_id = ''
)sql";

constexpr std::string_view kAbandon = R"sql(
    UPDATE refunds SET status = 'failed', failure_reason = $2, updated_at = $3
     WHERE id = $1 AND status = 'creating'
    RETURNING invoice_id
)sql";

/// By the row's own id where there is one: the provider may name it only now. Of two who are told
/// of another one at once, the second updates the row of the first.
constexpr std::string_view kOfOurs = "    ON CONFLICT (id) ";
constexpr std::string_view kOfTheirs = "    ON CONFLICT (provider, provider_refund_id) ";
constexpr std::string_view kKeepRefund = R"sql(
    DO UPDATE
       SET provider_refund_id = excluded.provider_refund_id,
           provider_payment_id = excluded.provider_payment_id,
           customer_id = COALESCE(excluded.customer_id, refunds.customer_id),
           invoice_id = COALESCE(excluded.invoice_id, refunds.invoice_id),
           currency = excluded.currency, amount_minor = excluded.amount_minor,
           status = excluded.status, reason = COALESCE(excluded.reason, refunds.reason),
           failure_reason = excluded.failure_reason, applied_ticket = excluded.applied_ticket,
           updated_at = excluded.updated_at
     WHERE refunds.applied_ticket < excluded.applied_ticket
    RETURNING id, provider, provider_refund_id, provider_payment_id, customer_id, invoice_id,
              currency, amount_minor, status, reason, failure_reason, created_at
)sql";

constexpr std::string_view kKeepDispute = R"sql(
    INSERT INTO disputes (id, provider, provider_dispute_id, provider_payment_id, customer_id,
           invoice_id, currency, amount_minor, status, reason, respond_by, applied_ticket,
           created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    ON CONFLICT (provider, provider_dispute_id) DO UPDATE
       SET customer_id = COALESCE(excluded.customer_id, disputes.customer_id),
           invoice_id = COALESCE(excluded.invoice_id, disputes.invoice_id),
           currency = excluded.currency, amount_minor = excluded.amount_minor,
           status = excluded.status, reason = excluded.reason, respond_by = excluded.respond_by,
           applied_ticket = excluded.applied_ticket, updated_at = excluded.updated_at
     WHERE disputes.applied_ticket < excluded.applied_ticket
    RETURNING id, provider, provider_dispute_id, provider_payment_id, customer_id, invoice_id,
              currency, amount_minor, status, reason, respond_by, created_at
)sql";

/// Whatever was reserved and given back: the rows are what counts.
constexpr std::string_view kCountInvoice = R"sql(
    UPDATE invoices
       SET refunded_minor = (SELECT COALESCE(SUM(amount_minor), 0) FROM refunds
                              WHERE invoice_id = $1 AND status NOT IN ('failed', 'canceled')),
           disputed = CASE WHEN EXISTS (SELECT 1 FROM disputes WHERE invoice_id = $1
                               AND status IN ('needs_response', 'under_review', 'lost'))
                           THEN 1 ELSE 0 END
     WHERE id = $1
)sql";

void count_invoice(sql::Transaction& tx, const std::optional<InvoiceId>& invoice) {
    if (invoice) tx.run(kCountInvoice, {*invoice});
}

std::vector<sql::Value> values_of(const Refund& r, std::int64_t ticket, Instant now) {
    return {r.id,
            r.provider,
            provider_id_of(r),
            r.payment,
            r.customer,
            r.invoice,
            to_text(r.amount.currency()),
            r.amount.minor(),
            to_text(r.status),
            r.reason,
            r.failure_reason,
            ticket,
            r.created_at,
            now};
}

/// The rows of one page, by what the filter says.
std::vector<sql::Row> rows_of(sql::Transaction& tx, std::string_view select,
                              const RefundFilter& filter, const PageQuery& page) {
    std::string text =
        where(select, "created_at >= $1 AND created_at < $2 AND (created_at, id) < ($3, $4)");
    std::vector<sql::Value> parameters{page.since, page.until, page.after.at, page.after.id,
                                       page.fetch()};
    const auto only = [&](const char* column, const auto& value) {
        if (!value) return;
        parameters.emplace_back(*value);
        text += fmt::format(" AND {} = ${}", column, parameters.size());
    };
    std::optional<std::string_view> currency;
    if (filter.currency) currency = to_text(*filter.currency);
    text += and_of_customers(filter.customers, parameters);
    only("invoice_id", filter.invoice);
    only("status", filter.status);
    only("provider", filter.provider);
    only("currency", currency);
    if (filter.unassigned) text += " AND customer_id IS NULL";
    return tx.all(text + " ORDER BY created_at DESC, id DESC LIMIT $5", parameters);
}

}  // namespace

Result<Refund> load_refund(sql::Transaction& tx, const RefundId& id) {
    const auto row = tx.one(where(kRefundsWhere, "id = $1"), {id});
    if (!row) return not_found("refund.not_found", "there is no such refund");
    return refund_from(*row);
}

std::optional<Refund> find_refund_of_provider(sql::Transaction& tx, std::string_view provider,
                                              std::string_view provider_id) {
    const auto row = tx.one(where(kRefundsWhere, "provider = $1 AND provider_refund_id = $2"),
                            {provider, provider_id});
    if (!row) return std::nullopt;
    return refund_from(*row);
}

std::optional<Dispute> find_dispute_of_provider(sql::Transaction& tx, std::string_view provider,
                                                std::string_view provider_id) {
    const auto row = tx.one(where(kDisputesWhere, "provider = $1 AND provider_dispute_id = $2"),
                            {provider, provider_id});
    if (!row) return std::nullopt;
    return dispute_from(*row);
}

bool reserve_refund(sql::Transaction& tx, const Refund& refund) {
    const auto currency = to_text(refund.amount.currency());
    if (tx.run(kReserve, {refund.invoice, refund.amount.minor(), currency}) == 0) return false;
    tx.run(kInsert, values_of(refund, 0, refund.created_at));
    return true;
}

std::optional<Refund> reserve_refund_again(sql::Transaction& tx, const Refund& abandoned,
                                           Instant now) {
    const auto& amount = abandoned.amount;
    const auto reserved =
        tx.run(kReserve, {abandoned.invoice, amount.minor(), to_text(amount.currency())});
    if (reserved == 0 || tx.run(kTakeUp, {abandoned.id, now}) == 0) return std::nullopt;
    return load_refund(tx, abandoned.id).value();
}

void name_payment(sql::Transaction& tx, const RefundId& id, std::string_view payment) {
    tx.run(kNamePayment, {id, payment});
}

std::optional<Refund> abandon_refund(sql::Transaction& tx, const RefundId& id,
                                     std::string_view failure_reason, Instant now) {
    const auto row = tx.one(kAbandon, {id, failure_reason, now});
    if (!row) return std::nullopt;
    count_invoice(tx, sql::maybe_id<InvoiceId>(*row, 0));
    return load_refund(tx, id).value();
}

std::optional<Refund> keep_refund(sql::Transaction& tx, const Refund& refund, std::int64_t ticket,
                                  Instant now) {
    const bool is_here = tx.one("SELECT 1 FROM refunds WHERE id = $1", {refund.id}).has_value();
    const auto statement = where(kInsert, is_here ? kOfOurs : kOfTheirs).append(kKeepRefund);
    const auto rows = tx.all(statement, values_of(refund, ticket, now));
    if (rows.empty()) return std::nullopt;
    auto kept = refund_from(rows.front());
    count_invoice(tx, kept.invoice);
    return kept;
}

std::optional<Dispute> keep_dispute(sql::Transaction& tx, const Dispute& d, std::int64_t ticket,
                                    Instant now) {
    const auto row = tx.one(
        kKeepDispute, {d.id, d.provider, d.provider_dispute, d.payment, d.customer, d.invoice,
                       to_text(d.amount.currency()), d.amount.minor(), to_text(d.status), d.reason,
                       d.respond_by, ticket, d.created_at, now});
    if (!row) return std::nullopt;
    auto kept = dispute_from(*row);
    count_invoice(tx, kept.invoice);
    return kept;
}

std::vector<Refund> list_refunds(sql::Transaction& tx, const RefundFilter& filter,
                                 const PageQuery& page) {
    std::vector<Refund> refunds;
    for (const auto& row : rows_of(tx, kRefundsWhere, filter, page))
        refunds.push_back(refund_from(row));
    return refunds;
}

std::vector<Dispute> list_disputes(sql::Transaction& tx, const RefundFilter& filter,
                                   const PageQuery& page) {
    std::vector<Dispute> disputes;
    for (const auto& row : rows_of(tx, kDisputesWhere, filter, page))
        disputes.push_back(dispute_from(row));
    return disputes;
}

std::vector<Refund> refunds_creating(sql::Transaction& tx, std::string_view provider, Instant until,
                                     int limit) {
    std::vector<Refund> refunds;
    const auto text = where(kRefundsWhere,
                            "provider = $1 AND status = 'creating' AND created_at < $2 "
                            "ORDER BY created_at, id LIMIT $3");
    for (const auto& row : tx.all(text, {provider, until, limit}))
        refunds.push_back(refund_from(row));
    return refunds;
}

}  // namespace turnpike
