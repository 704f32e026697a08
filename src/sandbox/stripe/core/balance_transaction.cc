#include "sandbox/stripe/core/balance_transaction.h"

#include "sandbox/documents.h"
#include "sandbox/stripe/core/customer_of.h"

namespace turnpike::twin {
namespace {

Json fee_details(const Booking& booking) {
    if (booking.fee == 0) return Json::array();
    return Json::array({Json{{"amount", booking.fee},
                             {"application", nullptr},
                             {"currency", booking.source.at("currency")},
                             {"description", booking.fee_name},
                             {"type", "stripe_fee"}}});
}

}  // namespace

Json book(Context& ctx, const Booking& booking) {
    const Instant now = second_of(ctx, booking.customer);
    Json transaction;
    transaction["id"] = ctx.new_id("txn");
    transaction["object"] = "balance_transaction";
    transaction["amount"] = booking.amount;
    transaction["available_on"] = unix_seconds(booking.available);
    transaction["balance_type"] = "payments";
    transaction["created"] = unix_seconds(now);
    transaction["currency"] = booking.source.at("currency");
    transaction["description"] = booking.description;
    transaction["exchange_rate"] = nullptr;
    transaction["fee"] = booking.fee;
    transaction["fee_details"] = fee_details(booking);
    transaction["net"] = booking.amount - booking.fee;
    transaction["reporting_category"] = booking.category;
    transaction["source"] = booking.source.at("id");
    transaction["status"] = booking.available > now ? "pending" : "available";
    transaction["type"] = booking.type;
    transaction["_customer"] = booking.customer;
    transaction["_parent"] = booking.source.at("id");
    ctx.put(transaction);
    return transaction;
}

}  // namespace turnpike::twin
