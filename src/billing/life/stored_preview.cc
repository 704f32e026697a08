#include "billing/life/stored_preview.h"

#include <array>
#include <string>

#include "base/check.h"

namespace turnpike {
namespace {

constexpr std::string_view kInsertPreview = R"sql(
    INSERT INTO previews (id, subscription_id, price_id, quantity, invoices_now, proration_date,
           facts, invoice_before, command_id, state, expires_at, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, NULL, 'open', $8, $9)
)sql";

constexpr std::string_view kPreviewColumns = R"sql(
    SELECT id, subscription_id, price_id, quantity, invoices_now, proration_date, facts,
           invoice_before, command_id, state, expires_at, created_at
      FROM previews
)sql";
constexpr std::string_view kPreviewById = " WHERE id = $1";
constexpr std::string_view kPreviewOfCommand = " WHERE command_id = $1";

constexpr std::string_view kNoteInvoiceBefore = R"sql(
    UPDATE previews SET invoice_before = $2 WHERE id = $1 AND state = 'open'
)sql";

constexpr std::string_view kUsePreview = R"sql(
    UPDATE previews SET state = 'used', command_id = $2
     WHERE id = $1 AND state = 'open' AND expires_at > $3
)sql";

constexpr std::string_view kComparePreview = R"sql(
    UPDATE previews SET state = $2 WHERE id = $1 AND state = 'used'
)sql";

struct PreviewStateName {
    PreviewState state;
    std::string_view text;
};
constexpr auto kPreviewStates = std::to_array<PreviewStateName>({
    {PreviewState::Open, "open"},
    {PreviewState::Used, "used"},
    {PreviewState::Kept, "kept"},
    {PreviewState::Broken, "broken"},
});

PreviewState preview_state_of(std::string_view text) {
    for (const auto& name : kPreviewStates)
        if (name.text == text) return name.state;
    check(false, "the ledger holds only words that we wrote");
    return PreviewState::Open;
}

Preview preview_from(const sql::Row& row) {
    std::optional<CommandId> command;
    if (!row.is_null(8)) command = row.id<CommandId>(8);
    return {.id = row.id<PreviewId>(0),
            .subscription = row.id<SubscriptionId>(1),
            .price = row.id<PriceId>(2),
            .quantity = row.integer(3),
            .invoices_now = row.flag(4),
            .proration_date = row.instant(5),
            .facts = row.text(6),
            .invoice_before = row.maybe_text(7),
            .command = std::move(command),
            .state = preview_state_of(row.text(9)),
            .expires_at = row.instant(10),
            .created_at = row.instant(11)};
}

}  // namespace

std::string_view to_text(PreviewState state) {
    for (const auto& name : kPreviewStates)
        if (name.state == state) return name.text;
    check(false, "every state has a name");
    return "";
}

void insert_preview(sql::Transaction& tx, const Preview& p) {
    tx.run(kInsertPreview, {p.id, p.subscription, p.price, p.quantity, p.invoices_now,
                            p.proration_date, p.facts, p.expires_at, p.created_at});
}

Result<Preview> load_preview(sql::Transaction& tx, const PreviewId& id) {
    const auto row = tx.one(std::string(kPreviewColumns) + std::string(kPreviewById), {id});
    if (!row) return preview_outdated("there is no such preview");
    return preview_from(*row);
}

std::optional<Preview> find_preview_of_command(sql::Transaction& tx, const CommandId& command) {
    const auto row =
        tx.one(std::string(kPreviewColumns) + std::string(kPreviewOfCommand), {command});
    if (!row) return std::nullopt;
    return preview_from(*row);
}

void note_invoice_before(sql::Transaction& tx, const PreviewId& id,
                         const std::optional<std::string>& invoice) {
    tx.run(kNoteInvoiceBefore, {id, invoice});
}

bool mark_preview_used(sql::Transaction& tx, const PreviewId& id, const CommandId& command,
                       Instant now) {
    return tx.run(kUsePreview, {id, command, now}) == 1;
}

bool mark_preview_compared(sql::Transaction& tx, const PreviewId& id, PreviewState outcome) {
    return tx.run(kComparePreview, {id, to_text(outcome)}) == 1;
}

std::unexpected<Error> preview_outdated(const char* why) {
    return conflict("subscription.preview_outdated",
                    std::string(why) + "; nothing was changed: ask for a new preview");
}

}  // namespace turnpike
