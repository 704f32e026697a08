#include "invoicing/filter.h"

#include <utility>
#include <vector>

#include "invoicing/wire.h"

namespace turnpike {
namespace {

/// The parameter as `parse` takes it; a complaint when it takes it not.
template <class T, class Parse>
std::optional<T> read_one(const http::Request& request, const char* name, Parse parse,
                          std::vector<FieldError>& complaints) {
    const std::string* text = request.query_value(name);
    if (text == nullptr) return std::nullopt;
    auto value = parse(*text);
    if (!value) {
        complaints.push_back({name, "wrong_value", "is none that there is"});
        return std::nullopt;
    }
    return T(*std::move(value));
}

std::optional<std::string> as_is(const std::string& text) { return text; }

}  // namespace

Result<InvoiceFilter> read_invoice_filter(const http::Request& request) {
    std::vector<FieldError> complaints;
    InvoiceFilter filter;
    filter.subscription = read_one<SubscriptionId>(
        request, "subscription", [](const auto& text) { return SubscriptionId::parse(text); },
        complaints);
    filter.status = read_one<InvoiceStatus>(request, "status", parse_invoice_status, complaints);
    filter.provider = read_one<std::string>(request, "provider", as_is, complaints);
    filter.number = read_one<std::string>(request, "number", as_is, complaints);
    filter.currency = read_one<Currency>(request, "currency", parse_currency, complaints);
    if (complaints.empty()) return filter;
    Error error{ErrorCode::InvalidArgument, "request.invalid_query",
                complaints.front().pointer + ' ' + complaints.front().detail};
    error.fields = std::move(complaints);
    return std::unexpected(std::move(error));
}

std::string listing_of(const InvoiceFilter& filter) {
    std::string listing = "invoices";
    const auto add = [&](const char* name, const std::string& value) {
        listing.append(" ").append(name).append("=").append(value);
    };
    if (filter.customers)
        for (const auto& customer : *filter.customers) add("customer", customer.text());
    if (filter.subscription) add("subscription", filter.subscription->text());
    if (filter.status) add("status", std::string(to_text(*filter.status)));
    if (filter.provider) add("provider", *filter.provider);
    if (filter.number) add("number", *filter.number);
    if (filter.currency) add("currency", std::string(to_text(*filter.currency)));
    return listing;
}

}  // namespace turnpike
