#include "invoicing/service.h"

#include <utility>

#include <fmt/format.h>

#include "invoicing/visible.h"
#include "sql/known_word.h"

namespace turnpike {
namespace {

Invoice invoice_from(const sql::Row& row) {
    const Currency currency = known_word(parse_currency(row.text(8)));
    const auto money = [&](std::size_t column) { return Money(row.integer(column), currency); };
    Invoice invoice{
        .id = row.id<InvoiceId>(0),
        .customer = row.id<CustomerId>(1),
        .subscription = std::nullopt,
        .provider = row.text(3),
        .provider_invoice_id = row.text(4),
        .number = row.maybe_text(5),
        .status = known_word(parse_invoice_status(row.text(6))),
        .billing_reason = row.text(7),
        .subtotal = money(9),
        .total = money(10),
        .amount_due = money(11),
        .amount_paid = money(12),
        .tax = money(21),
        .discount = money(22),
        .credit_applied = money(23),
        .credited = money(24),
        .refunded = money(26),
        .disputed = row.flag(27),
        .due_at = row.maybe_instant(25),
        .attempt_count = row.integer(13),
        .next_attempt_at = row.maybe_instant(28),
        .hosted_url = row.maybe_text(14),
        .pdf_url = row.maybe_text(15),
        .period = {row.instant(16), row.instant(17)},
        .issued_at = row.maybe_instant(18),
        .paid_at = row.maybe_instant(19),
        .created_at = row.instant(20),
        .lines = {},
    };
    if (!row.is_null(2)) invoice.subscription = row.id<SubscriptionId>(2);
    return invoice;
}

/// Every query of an invoice is this and a WHERE; the columns are what invoice_from reads.
std::string invoices_where(std::string_view rest) {
    constexpr std::string_view kSelect = R"sql(
    SELECT id, customer_id, subscription_id, provider, provider_invoice_id, number, status,
           billing_reason, currency, subtotal_minor, total_minor, amount_due_minor,
           amount_paid_minor, attempt_count, hosted_url, pdf_url, period_start, period_end,
           issued_at, paid_at, created_at, tax_minor, discount_minor, credit_applied_minor,
           credited_minor, due_at, refunded_minor, disputed, next_attempt_at
      FROM invoices
)sql";
    return std::string(kSelect).append(rest);
}

constexpr std::string_view kLines = R"sql(
    SELECT id, provider_line_id, kind, description, quantity, amount_minor, period_start,
           period_end, overage_charge_id, provider_price_id
      FROM invoice_lines
     WHERE invoice_id = $1
     ORDER BY position
)sql";

Invoice with_lines(sql::Transaction& tx, Invoice invoice) {
    for (const auto& row : tx.all(kLines, {invoice.id})) {
        invoice.lines.push_back(InvoiceLine{
            .id = row.id<InvoiceLineId>(0),
            .provider_line_id = row.text(1),
            .kind = known_word(parse_line_kind(row.text(2))),
            .description = row.text(3),
            .quantity = row.integer(4),
            .amount = Money(row.integer(5), invoice.total.currency()),
            .period = {row.instant(6), row.instant(7)},
            .overage_charge = {},
            .provider_price = row.maybe_text(9),
        });
        if (!row.is_null(8)) invoice.lines.back().overage_charge = row.id<OverageChargeId>(8);
    }
    return invoice;
}

constexpr std::string_view kLoad = R"sql(
     WHERE id = $1
)sql";

constexpr std::string_view kFindOfProvider = R"sql(
     WHERE provider = $1 AND provider_invoice_id = $2
)sql";

constexpr std::string_view kList = R"sql(
     WHERE created_at >= $1 AND created_at < $2 AND (created_at, id) < ($3, $4)
)sql";

constexpr std::string_view kAtProvider = R"sql(
     WHERE provider = $1 AND id > $2
     ORDER BY id
     LIMIT $3
)sql";

constexpr std::string_view kMirror = R"sql(
    INSERT INTO invoices (id, customer_id, subscription_id, provider, provider_invoice_id, number,
           status, billing_reason, currency, subtotal_minor, total_minor, amount_due_minor,
           amount_paid_minor, attempt_count, hosted_url, pdf_url, period_start, period_end,
           issued_at, paid_at, created_at, applied_ticket, updated_at, tax_minor, discount_minor,
           credit_applied_minor, credited_minor, due_at, next_attempt_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
            $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)
    ON CONFLICT (provider, provider_invoice_id) DO UPDATE
       SET subscription_id = excluded.subscription_id, number = excluded.number,
           status = excluded.status, billing_reason = excluded.billing_reason,
           subtotal_minor = excluded.subtotal_minor, total_minor = excluded.total_minor,
           amount_due_minor = excluded.amount_due_minor,
           amount_paid_minor = excluded.amount_paid_minor,
           attempt_count = excluded.attempt_count, hosted_url = excluded.hosted_url,
           pdf_url = excluded.pdf_url, period_start = excluded.period_start,
           period_end = excluded.period_end, issued_at = excluded.issued_at,
           paid_at = excluded.paid_at, tax_minor = excluded.tax_minor,
           discount_minor = excluded.discount_minor,
           credit_applied_minor = excluded.credit_applied_minor,
           credited_minor = excluded.credited_minor, due_at = excluded.due_at,
           next_attempt_at = excluded.next_attempt_at,
           applied_ticket = excluded.applied_ticket,
           updated_at = excluded.updated_at
     WHERE invoices.applied_ticket < excluded.applied_ticket
    RETURNING id
)sql";

constexpr std::string_view kMirrorLine = R"sql(
    INSERT INTO invoice_lines (id, invoice_id, provider_line_id, position, kind, description,
           quantity, amount_minor, period_start, period_end, overage_charge_id, provider_price_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    ON CONFLICT (invoice_id, provider_line_id) DO UPDATE
       SET position = excluded.position, kind = excluded.kind,
           description = excluded.description, quantity = excluded.quantity,
           amount_minor = excluded.amount_minor, period_start = excluded.period_start,
           period_end = excluded.period_end, overage_charge_id = excluded.overage_charge_id,
           provider_price_id = excluded.provider_price_id
)sql";

// Lines that the provider no longer has were given no position in this pass.
constexpr std::string_view kForgetPositions = R"sql(
    UPDATE invoice_lines SET position = -1 WHERE invoice_id = $1
)sql";
constexpr std::string_view kDropForgotten = R"sql(
    DELETE FROM invoice_lines WHERE invoice_id = $1 AND position = -1
)sql";

}  // namespace

Result<Invoice> load_invoice(sql::Transaction& tx, const InvoiceId& id) {
    const auto row = tx.one(invoices_where(kLoad), {id});
    if (!row) return not_found("invoice.not_found", "there is no such invoice");
    return with_lines(tx, invoice_from(*row));
}

std::optional<Invoice> find_invoice_of_provider(sql::Transaction& tx, std::string_view provider,
                                                std::string_view provider_id) {
    const auto row = tx.one(invoices_where(kFindOfProvider), {provider, provider_id});
    if (!row) return std::nullopt;
    return with_lines(tx, invoice_from(*row));
}

std::optional<InvoiceId> mirror_invoice(sql::Transaction& tx, const Invoice& i, std::int64_t ticket,
                                        Instant now) {
    const auto row = tx.one(kMirror, {i.id,
                                      i.customer,
                                      i.subscription,
                                      i.provider,
                                      i.provider_invoice_id,
                                      i.number,
                                      to_text(i.status),
                                      i.billing_reason,
                                      to_text(i.total.currency()),
                                      i.subtotal.minor(),
                                      i.total.minor(),
                                      i.amount_due.minor(),
                                      i.amount_paid.minor(),
                                      i.attempt_count,
                                      i.hosted_url,
                                      i.pdf_url,
                                      i.period.start,
                                      i.period.end,
                                      i.issued_at,
                                      i.paid_at,
                                      i.created_at,
                                      ticket,
                                      now,
                                      i.tax.minor(),
                                      i.discount.minor(),
                                      i.credit_applied.minor(),
                                      i.credited.minor(),
                                      i.due_at,
                                      i.next_attempt_at});
    if (!row) return std::nullopt;
    auto kept = row->id<InvoiceId>(0);
    tx.run(kForgetPositions, {kept});
    int position = 0;
    for (const auto& line : i.lines) {
        tx.run(kMirrorLine,
               {line.id, kept, line.provider_line_id, position++, to_text(line.kind),
                line.description, line.quantity, line.amount.minor(), line.period.start,
                line.period.end, line.overage_charge, line.provider_price});
    }
    tx.run(kDropForgotten, {kept});
    return kept;
}

std::vector<Invoice> list_invoices(sql::Transaction& tx, const InvoiceFilter& filter,
                                   const PageQuery& page, InvoiceLines lines) {
    std::string rest(kList);
    std::vector<sql::Value> parameters{page.since, page.until, page.after.at, page.after.id,
                                       page.fetch()};
    const auto only = [&](const char* column, const auto& value) {
        if (!value) return;
        parameters.emplace_back(*value);
        rest += fmt::format(" AND {} = ${}", column, parameters.size());
    };
    std::optional<std::string_view> status, currency;
    if (filter.status) status = to_text(*filter.status);
    if (filter.currency) currency = to_text(*filter.currency);
    rest += and_of_customers(filter.customers, parameters);
    only("subscription_id", filter.subscription);
    only("status", status);
    only("provider", filter.provider);
    only("number", filter.number);
    only("currency", currency);
    rest += " ORDER BY created_at DESC, id DESC LIMIT $5";
    std::vector<Invoice> invoices;
    for (const auto& row : tx.all(invoices_where(rest), parameters)) {
        invoices.push_back(invoice_from(row));
        if (lines == InvoiceLines::Load)
            invoices.back() = with_lines(tx, std::move(invoices.back()));
    }
    return invoices;
}

std::vector<Invoice> invoices_at_provider(sql::Transaction& tx, std::string_view provider,
                                          const std::string& after, int limit) {
    std::vector<Invoice> invoices;
    for (const auto& row : tx.all(invoices_where(kAtProvider), {provider, after, limit}))
        invoices.push_back(invoice_from(row));
    return invoices;
}

}  // namespace turnpike
