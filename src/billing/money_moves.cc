#include <string>
#include <string_view>

#include "billing/moves.h"
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
                   const std::string& action) {
    record(tx,
           {.at = note.now,
            .actor = note.authority.actor,
            .action = action,
            .object_id = move.object,
            .customer = move.customer ? move.customer->text() : "",
            .request_id = note.authority.request_id,
            .detail = Json{{"amount", move.data.at("amount")},
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
    record_return(tx, note, move, "refund." + std::string(to_text(after.status)));
    if (after.status == RefundStatus::Creating) return;
    const bool is_made = after.provider_refund && !had_been_made;
    emit_return(tx, note, move, is_made ? "refund.created" : "refund.updated");
}

void tell_dispute_move(sql::Transaction& tx, const MoveNote& note,
                       const std::optional<Dispute>& before, const Dispute& after) {
    if (before && !differs(*before, after)) return;
    const Json data = write_dispute(after);
    const ReturnMove move{after.id.text(), after.customer, data};
    record_return(tx, note, move, "dispute." + std::string(to_text(after.status)));
    if (!before) emit_return(tx, note, move, "dispute.created");
    const bool was_closed = before && is_closed(before->status);
    if (is_closed(after.status) && !was_closed)
        emit_return(tx, note, move, "dispute.closed");
    else if (before)
        emit_return(tx, note, move, "dispute.updated");
}

}  // namespace turnpike
