#include "invoicing/refund_wire.h"

#include "json/write.h"

namespace turnpike {
namespace {

template <class T>
Json write_id(const std::optional<T>& id) {
    return id ? Json(id->text()) : Json();
}

}  // namespace

Json write_refund(const Refund& refund) {
    return Json{
        {"id", refund.id.text()},
        {"object", "refund"},
        {"customer", write_id(refund.customer)},
        {"invoice", write_id(refund.invoice)},
        {"amount", write_money(refund.amount)},
        {"status", to_text(refund.status)},
        {"reason", write_optional(refund.reason)},
        {"failure_reason", write_optional(refund.failure_reason)},
        {"provider", refund.provider},
        {"provider_refund_id", write_optional(refund.provider_refund)},
        {"provider_payment_id", refund.payment.empty() ? Json() : Json(refund.payment)},
        {"created_at", format_rfc3339(refund.created_at)},
    };
}

Json write_dispute(const Dispute& dispute) {
    return Json{
        {"id", dispute.id.text()},
        {"object", "dispute"},
        {"customer", write_id(dispute.customer)},
        {"invoice", write_id(dispute.invoice)},
        {"amount", write_money(dispute.amount)},
        {"status", to_text(dispute.status)},
        {"reason", dispute.reason},
        {"respond_by", write_instant(dispute.respond_by)},
        {"provider", dispute.provider},
        {"provider_dispute_id", dispute.provider_dispute},
        {"provider_payment_id", dispute.payment},
        {"created_at", format_rfc3339(dispute.created_at)},
    };
}

}  // namespace turnpike
