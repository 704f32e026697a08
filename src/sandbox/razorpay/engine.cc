#include "sandbox/razorpay/engine.h"

#include <utility>

#include "sandbox/documents.h"
#include "sandbox/razorpay/invoices.h"
#include "sandbox/razorpay/subscriptions.h"

namespace turnpike::twin::razorpay {

void run_engine(Context& ctx, Instant until) {
    while (auto due = ctx.next_due(until)) {
        ctx.set_now(due->when);
        if (text_of(due->object, "entity") == "invoice")
            expire_invoice(ctx, std::move(due->object));
        else
            step_subscription(ctx, std::move(due->object));
    }
    ctx.set_now(until);
}

}  // namespace turnpike::twin::razorpay
