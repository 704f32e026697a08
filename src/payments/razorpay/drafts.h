#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "base/time.h"
#include "json/value.h"
#include "payments/provider.h"
#include "payments/razorpay/exchange.h"

/// Bills that are being gathered. Razorpay makes no invoice without lines and adds none later, so a
/// draft is kept here, as intents that never leave, until it is finalized: then it goes out whole.
///
/// A draft is a log with numbered places, each taken once and never changed: its head, then lines,
/// removals, and at last its end. Who writes takes the first free place, so that no line slips in
/// behind the end, whoever else writes at the same time.
namespace turnpike::razorpay {

inline constexpr int kDraftPlacesMax = 200;
/// Razorpay's limit of one invoice.
inline constexpr std::size_t kLinesMax = 50;

bool is_draft_id(std::string_view invoice);
/// "draft_" and 32 hexadecimal digits that name the obligation.
std::string draft_id(const std::string& obligation);

struct DraftLine {
    int place = 0;
    Json entry;  ///< {"obligation", "amount", "currency", "name", "start", "end_at",
                 ///< "metadata"}
};
struct Draft {
    std::string id;
    Json head;  ///< {"customer", "currency", "metadata", "obligation"}
    Instant created;
    std::vector<DraftLine> lines;  ///< without those that were removed
    bool ended = false;
};

/// Errors: NotFound "payment.refused".
asio::awaitable<Result<Draft>> load_draft(RazorpayExchange& exchange, std::string id);

/// Errors: Conflict "payment.obligation_changed".
asio::awaitable<Result<Draft>> open_draft(RazorpayExchange& exchange, NewInvoice request);
/// The line's id.
/// Errors: Conflict "payment.refused" when the draft has ended, or is full;
///         Conflict "payment.obligation_changed".
asio::awaitable<Result<std::string>> add_draft_line(RazorpayExchange& exchange,
                                                    NewInvoiceItem request);
/// One that is removed already counts as done. Errors: Conflict "payment.refused" when the draft
/// has ended.
asio::awaitable<Result<std::monostate>> remove_draft_line(RazorpayExchange& exchange,
                                                          std::string item);
bool is_draft_line_id(std::string_view item);
/// Nothing is added or removed from here on.
asio::awaitable<Result<Draft>> end_draft(RazorpayExchange& exchange, std::string id);

/// As the port shows it.
Result<ProviderInvoice> read_draft(const Draft& draft);
/// Gives a bill's lines back the names and periods that Razorpay has no place for.
void restore_lines(const Draft& draft, ProviderInvoice& invoice);

}  // namespace turnpike::razorpay
