#include "sandbox/stripe/checkout/session_completion.h"

#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/cards/setup_intents.h"
#include "sandbox/stripe/checkout/session_discounts.h"
#include "sandbox/stripe/checkout/session_document.h"
#include "sandbox/stripe/checkout/session_invoice.h"
#include "sandbox/stripe/checkout/session_subscription.h"
#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/payments/payment_intents.h"

namespace turnpike::twin {
namespace {

/// What is known of who paid: of the customer first, then what was typed.
Json payer_details(Context& ctx, const Json& session) {
    Json details = known_details(session, ctx.find("customer", text_of(session, "customer")));
    const Json& typed = part_of(session, "_typed");
    for (const char* member : {"address", "email", "name", "phone"})
        if (!typed.value(member, Json()).is_null()) details[member] = typed.at(member);
    details["tax_ids"] = Json::array();
    return details;
}

void close_page(Context& ctx, Json& session, const std::string& status) {
    session["status"] = status;
    session["url"] = nullptr;
    ctx.put(session);
    ctx.put_due(session, std::nullopt, "");
}

constexpr std::string_view kPaid = "payment_intent.succeeded";

bool is_under_way(std::string_view type) {
    return type == "payment_intent.processing" ||
           type == "payment_intent.amount_capturable_updated";
}

/// What a payment that had not ended with the page has come to.
void settle_session(Context& ctx, Json session, bool paid) {
    const bool was_expected = flag_of(session, "_settles_later");
    session["_settles_later"] = false;
    if (paid) {
        session["payment_status"] = "paid";
        bill_session(ctx, session);
    }
    ctx.put(session);
    if (was_expected)
        ctx.emit(paid ? "checkout.session.async_payment_succeeded"
                      : "checkout.session.async_payment_failed",
                 session);
}

}  // namespace

Json complete_session(Context& ctx, Json session) {
    session["customer_details"] = payer_details(ctx, session);
    if (text_of(session, "mode") == "payment" && !creates_invoice(session))
        redeem_session_discount(ctx, session);
    close_page(ctx, session, "complete");
    ctx.emit("checkout.session.completed", session);
    return session;
}

Json expire_session(Context& ctx, Json session) {
    const std::string waits_for = text_of(session, "_parent");
    if (auto intent = ctx.find("payment_intent", waits_for))
        cancel_payment_intent(ctx, *std::move(intent), "");
    if (auto intent = ctx.find(kSetupIntentKind, waits_for))
        cancel_setup_intent(ctx, *std::move(intent), "abandoned");
    drop_incomplete(ctx, session);
    close_page(ctx, session, "expired");
    ctx.emit("checkout.session.expired", session);
    return session;
}

void expire_due_session(Context& ctx, Json session) { expire_session(ctx, std::move(session)); }

void follow_payment_intent(Context& ctx, std::string_view type, const Json& intent) {
    const std::string id = text_of(intent, "_checkout");
    if (id.empty()) return;
    auto session = ctx.find(kSessionKind, id);
    if (!session) return;
    if (!is_session_open(*session)) {
        const bool paid = type == kPaid;
        if (paid || type == "payment_intent.payment_failed")
            settle_session(ctx, *std::move(session), paid);
        return;
    }
    if (type != kPaid && !is_under_way(type)) return;
    if (type == kPaid) {
        (*session)["payment_status"] = "paid";
        bill_session(ctx, *session);
    }
    (*session)["_settles_later"] = type == "payment_intent.processing";
    complete_session(ctx, *std::move(session));
}

void follow_setup_intent(Context& ctx, std::string_view /*type*/, const Json& intent) {
    const std::string id = text_of(intent, "_checkout");
    if (id.empty()) return;
    auto session = ctx.find(kSessionKind, id);
    if (!session || !is_session_open(*session)) return;
    if (text_of(*session, "mode") == "setup")
        complete_session(ctx, *std::move(session));
    else
        subscribe_after_setup(ctx, *std::move(session), intent);
}

void follow_invoice(Context& ctx, std::string_view type, const Json& invoice) {
    if (text_of(invoice, "billing_reason") != "subscription_create") return;
    const bool paid = type == "invoice.payment_succeeded";
    const auto sessions = ctx.list(kSessionKind, {.parent = subscription_of_invoice(invoice)});
    for (const Json& session : sessions) {
        if (is_session_open(session)) {
            if (paid) finish_subscribing(ctx, session);
        } else if (text_of(session, "payment_status") == "unpaid") {
            settle_session(ctx, session, paid);
        }
    }
}

}  // namespace turnpike::twin
