#include "json/value.h"
#include "payments/currencies.h"
#include "payments/reply_reader.h"
#include "payments/stripe/translate.h"

namespace turnpike::stripe {

Result<PaymentMethodOnFile> read_payment_method(const Json& object,
                                                const std::optional<std::string>& default_id) {
    ReplyReader fields(object, "payment_method");
    PaymentMethodOnFile method;
    method.id = fields.text("id");
    method.is_default = default_id == method.id;
    const auto type = fields.text("type");
    method.brand = type;
    if (const Json* details = fields.object(type)) {
        ReplyReader instrument(*details, "payment_method." + type);
        method.brand = instrument.maybe_text("brand").value_or(type);
        method.last4 = instrument.maybe_text("last4").value_or("");
        const auto month = instrument.maybe_integer("exp_month").value_or(0);
        const auto year = instrument.maybe_integer("exp_year").value_or(0);
        if (month < 0 || month > 12 || year < 0 || year > 9'999)
            instrument.complain("payment_method expires at no date");
        method.exp_month = static_cast<int>(month);
        method.exp_year = static_cast<int>(year);
        if (instrument.complained()) return instrument.finish(std::move(method));
    }
    return fields.finish(std::move(method));
}

Result<std::optional<std::string>> read_default_method(const Json& customer) {
    ReplyReader fields(customer, "customer");
    std::optional<std::string> id;
    if (const Json* settings = fields.object("invoice_settings")) {
        ReplyReader defaults(*settings, "customer.invoice_settings");
        id = defaults.maybe_reference("default_payment_method");
        if (defaults.complained()) return defaults.finish(std::move(id));
    }
    return fields.finish(std::move(id));
}

Result<ProviderPrice> read_price(const Json& object) {
    ReplyReader fields(object, "price");
    ProviderPrice price;
    price.id = fields.text("id");
    price.active = fields.flag("active");
    price.product = fields.reference("product");
    const auto amount =
        read_amount(fields.maybe_integer("unit_amount").value_or(0), fields.text("currency"));
    if (!amount) return failure(amount);
    price.amount = *amount;
    if (const Json* recurring = fields.object("recurring")) {
        ReplyReader rhythm(*recurring, "price.recurring");
        price.interval = rhythm.text("interval");
        price.interval_count = rhythm.maybe_integer("interval_count").value_or(1);
        if (rhythm.complained()) return rhythm.finish(std::move(price));
    }
    return fields.finish(std::move(price));
}

Result<ProviderTestClock> read_test_clock(const Json& object) {
    ReplyReader fields(object, "test_clock");
    ProviderTestClock clock;
    clock.id = fields.text("id");
    clock.frozen_time = fields.instant("frozen_time");
    const auto status = fields.text("status");
    clock.ready = status == "ready";
    if (status == "internal_failure") fields.complain("test_clock.status is internal_failure");
    return fields.finish(std::move(clock));
}

Result<ProviderEvent> read_event(const Json& object) {
    ReplyReader fields(object, "event");
    ProviderEvent event;
    event.id = fields.text("id");
    event.type = fields.text("type");
    event.payload = to_text(object);
    return fields.finish(std::move(event));
}

Result<std::string> read_url(const Json& object) {
    ReplyReader fields(object, "session");
    auto url = fields.text("url");
    return fields.finish(std::move(url));
}

Result<ListBody> read_list(const Json& object) {
    ReplyReader fields(object, "list");
    ListBody page;
    page.has_more = fields.flag("has_more");
    const Json* data = fields.array("data");
    if (data == nullptr) return unexpected_reply("a list without data");
    for (const Json& entry : *data) page.data.push_back(entry);
    return fields.finish(std::move(page));
}

}  // namespace turnpike::stripe
