#include <string>
#include <string_view>

#include "billing/telling/letters.h"
#include "billing/telling/moves.h"
#include "invoicing/refund_wire.h"
#include "json/value.h"
#include "webhooks/outbox.h"

namespace turnpike {
namespace {

/// What a refund and a dispute have in common, to whoever keeps a record.
struct ReturnMove {
    std::string object;
    const std::optional<CustomerId>& customer;
    const Json& data;
};

void emit_return(sql::Transaction& tx, const MoveNote& note, const ReturnMove& move,
                 std::string_view type) {
    emit(tx,
         {.type = type,
          .object = move.object,
          .customer = move.customer ? move.customer->text() : "",
          .data = move.data,
          .at = note.now},
         note.ids);
}

void record_return(sql::Transaction& tx, const MoveNote& note, const ReturnMove& move,
                   std::string_view action) {
    record(tx,
           {.at = note.now,
            .actor = note.authority.actor,
            .action = std::string(action),
            .object_id = move.object,
            .customer = move.customer ? move.customer->text() : "",
            .request_id = note.authority.request_id,
            .detail = Json{{"status", move.data.at("status")},
                           {"amount", move.data.at("amount")},
                           {"invoice", move.data.at("invoice")},
                           {"reason", move.data.at("reason")}}},
           note.ids);
}

bool differs(const Refund& a, const Refund& b) {
    return a.status != b.status || a.amount != b.amount || a.invoice != b.invoice ||
           a.failure_reason != b.failure_reason;
}
bool differs(const Dispute& a, const Dispute& b) {
    return a.status != b.status || a.amount != b.amount || a.invoice != b.invoice ||
           a.respond_by != b.respond_by;
}

}  // namespace

void tell_refund_move(sql::Transaction& tx, const MoveNote& note,
                      const std::optional<Refund>& before, const Refund& after) {
    const bool had_been_made = before && before->provider_refund;
    if (before && !differs(*before, after) && had_been_made) return;
    const Json data = write_refund(after);
    const ReturnMove move{after.id.text(), after.customer, data};
    if (after.status == RefundStatus::Creating)
        return record_return(tx, note, move, "refund.requested");
    const bool is_made = after.provider_refund && !had_been_made;
    const std::string_view what = is_made ? "refund.created" : "refund.updated";
    record_return(tx, note, move, what);
    emit_return(tx, note, move, what);
    write_refund_letter(tx, after, note.now, note.ids);
}

void tell_dispute_move(sql::Transaction& tx, const MoveNote& note,
                       const std::optional<Dispute>& before, const Dispute& after) {
    if (before && !differs(*before, after)) return;
    const Json data = write_dispute(after);
    const ReturnMove move{after.id.text(), after.customer, data};
    const bool was_closed = before && is_closed(before->status);
    const bool closes = is_closed(after.status) && !was_closed;
    if (!before) emit_return(tx, note, move, "dispute.created");
    const std::string_view what = closes    ? "dispute.closed"
                                  : !before ? "dispute.created"
                                            : "dispute.updated";
    record_return(tx, note, move, what);
    if (before || closes) emit_return(tx, note, move, what);
}

}  // namespace turnpike
