#include "invoicing/invoice.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace turnpike {
namespace {

struct StatusName {
    InvoiceStatus status;
    std::string_view text;
};
constexpr auto kStatuses = std::to_array<StatusName>({
    {InvoiceStatus::Draft, "draft"},
    {InvoiceStatus::Open, "open"},
    {InvoiceStatus::Paid, "paid"},
    {InvoiceStatus::Void, "void"},
    {InvoiceStatus::Uncollectible, "uncollectible"},
});

struct KindName {
    LineKind kind;
    std::string_view text;
};
constexpr auto kKinds = std::to_array<KindName>({
    {LineKind::Plan, "plan"},
    {LineKind::Proration, "proration"},
    {LineKind::Overage, "overage"},
    {LineKind::Other, "other"},
});

}  // namespace

std::string_view to_text(InvoiceStatus status) {
    const auto row = std::ranges::find(kStatuses, status, &StatusName::status);
    check(row != kStatuses.end(), "every invoice status has a name");
    return row->text;
}

std::optional<InvoiceStatus> parse_invoice_status(std::string_view text) {
    const auto row = std::ranges::find(kStatuses, text, &StatusName::text);
    if (row == kStatuses.end()) return std::nullopt;
    return row->status;
}

std::string_view to_text(LineKind kind) {
    const auto row = std::ranges::find(kKinds, kind, &KindName::kind);
    check(row != kKinds.end(), "every line kind has a name");
    return row->text;
}

std::optional<LineKind> parse_line_kind(std::string_view text) {
    const auto row = std::ranges::find(kKinds, text, &KindName::text);
    if (row == kKinds.end()) return std::nullopt;
    return row->kind;
}

}  // namespace turnpike
