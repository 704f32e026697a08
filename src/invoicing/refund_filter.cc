#include "invoicing/refund_filter.h"

#include <utility>
#include <vector>

namespace turnpike {
namespace {

void complain_of(std::vector<FieldError>& complaints, const char* name) {
    complaints.push_back({name, "wrong_value", "is none that there is"});
}

}  // namespace

Result<RefundFilter> read_refund_filter(const http::Request& request,
                                        bool (*is_status)(std::string_view)) {
    std::vector<FieldError> complaints;
    RefundFilter filter;
    if (const auto* invoice = request.query_value("invoice")) {
        filter.invoice = InvoiceId::parse(*invoice);
        if (!filter.invoice) complain_of(complaints, "invoice");
    }
    if (const auto* status = request.query_value("status")) {
        filter.status = *status;
        if (!is_status(*status)) complain_of(complaints, "status");
    }
    if (const auto* currency = request.query_value("currency")) {
        filter.currency = parse_currency(*currency);
        if (!filter.currency) complain_of(complaints, "currency");
    }
    if (const auto* provider = request.query_value("provider")) filter.provider = *provider;
    if (const auto* assigned = request.query_value("assigned")) {
        filter.unassigned = *assigned == "false";
        if (*assigned != "false") complain_of(complaints, "assigned");
    }
    if (complaints.empty()) return filter;
    Error error{ErrorCode::InvalidArgument, "request.invalid_query",
                complaints.front().pointer + ' ' + complaints.front().detail};
    error.fields = std::move(complaints);
    return std::unexpected(std::move(error));
}

std::string listing_of(std::string_view what, const RefundFilter& filter) {
    std::string listing(what);
    const auto add = [&](const char* name, std::string_view value) {
        listing.append(" ").append(name).append("=").append(value);
    };
    if (filter.customer) add("customer", filter.customer->text());
    if (filter.invoice) add("invoice", filter.invoice->text());
    if (filter.status) add("status", *filter.status);
    if (filter.provider) add("provider", *filter.provider);
    if (filter.currency) add("currency", to_text(*filter.currency));
    if (filter.unassigned) add("assigned", "false");
    return listing;
}

}  // namespace turnpike
