#include "sandbox/stripe/search/search.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sandbox/characters.h"
#include "sandbox/documents.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/search/search_query.h"

namespace turnpike::twin {
namespace {

constexpr std::int64_t kChunk = 200;
constexpr std::int64_t kLimitMax = 100;
constexpr std::string_view kPagePrefix = "page_";

constexpr auto kChargeFields = std::to_array<SearchField>({
    {"amount", FieldType::Number, "amount"},
    {"billing_details.address.postal_code", FieldType::Token,
     "billing_details.address.postal_code"},
    {"created", FieldType::Number, "created"},
    {"currency", FieldType::Token, "currency"},
    {"customer", FieldType::Token, "customer"},
    {"disputed", FieldType::Token, "disputed"},
    {"payment_method_details.card.brand", FieldType::Token, "payment_method_details.card.brand"},
    {"payment_method_details.card.exp_month", FieldType::Token,
     "payment_method_details.card.exp_month"},
    {"payment_method_details.card.exp_year", FieldType::Token,
     "payment_method_details.card.exp_year"},
    {"payment_method_details.card.fingerprint", FieldType::Token,
     "payment_method_details.card.fingerprint"},
    {"payment_method_details.card.last4", FieldType::Token, "payment_method_details.card.last4"},
    {"payment_method_details.sepa_debit.last4", FieldType::Token,
     "payment_method_details.sepa_debit.last4"},
    {"refunded", FieldType::Token, "refunded"},
    {"status", FieldType::Token, "status"},
});

constexpr auto kCustomerFields = std::to_array<SearchField>({
    {"created", FieldType::Number, "created"},
    {"email", FieldType::Text, "email"},
    {"name", FieldType::Text, "name"},
    {"phone", FieldType::Text, "phone"},
});

constexpr auto kInvoiceFields = std::to_array<SearchField>({
    {"created", FieldType::Number, "created"},
    {"currency", FieldType::Token, "currency"},
    {"customer", FieldType::Token, "customer"},
    {"last_finalization_error_code", FieldType::Token, "last_finalization_error.code"},
    {"last_finalization_error_type", FieldType::Token, "last_finalization_error.type"},
    {"number", FieldType::Text, "number"},
    {"receipt_number", FieldType::Text, "receipt_number"},
    {"status", FieldType::Text, "status"},
    {"subscription", FieldType::Text, "parent.subscription_details.subscription"},
    {"total", FieldType::Number, "total"},
});

constexpr auto kPaymentIntentFields = std::to_array<SearchField>({
    {"amount", FieldType::Number, "amount"},
    {"created", FieldType::Number, "created"},
    {"currency", FieldType::Token, "currency"},
    {"customer", FieldType::Token, "customer"},
    {"status", FieldType::Token, "status"},
});

constexpr auto kPriceFields = std::to_array<SearchField>({
    {"active", FieldType::Token, "active"},
    {"currency", FieldType::Token, "currency"},
    {"lookup_key", FieldType::Text, "lookup_key"},
    {"product", FieldType::Text, "product"},
    {"type", FieldType::Token, "type"},
});

constexpr auto kProductFields = std::to_array<SearchField>({
    {"active", FieldType::Token, "active"},
    {"description", FieldType::Text, "description"},
    {"name", FieldType::Text, "name"},
    {"shippable", FieldType::Token, "shippable"},
    {"url", FieldType::Text, "url"},
});

constexpr auto kSubscriptionFields = std::to_array<SearchField>({
    {"canceled_at", FieldType::Number, "canceled_at"},
    {"created", FieldType::Number, "created"},
    {"status", FieldType::Token, "status"},
});

/// "page_" and the sequence number of the last object that was shown.
std::string page_after(std::int64_t sequence) {
    return std::string(kPagePrefix) + std::to_string(sequence);
}

std::optional<std::int64_t> sequence_in(std::string_view page) {
    if (!page.starts_with(kPagePrefix)) return std::nullopt;
    page.remove_prefix(kPagePrefix.size());
    return parse_integer(page);
}

struct SearchRequest {
    SearchQuery query;
    std::int64_t limit = 10;
    std::optional<std::int64_t> cursor;
    bool counts = false;  ///< expand[]=total_count
};

std::int64_t read_limit(Params& params) {
    const auto limit = params.integer("limit").value_or(10);
    if (limit < 1)
        params.complain(bad_param("limit", "parameter_invalid_integer",
                                  "This value must be greater than or equal to 1."));
    if (limit > kLimitMax)
        params.complain(bad_param("limit", "parameter_invalid_integer",
                                  "This value must be less than or equal to 100 (it currently is "
                                  "'" +
                                      std::to_string(limit) + "')."));
    return limit;
}

Outcome<SearchRequest> read_request(Params& params, std::span<const SearchField> fields,
                                    std::string_view resource) {
    SearchRequest request;
    const auto text = params.required_text("query");
    request.limit = read_limit(params);
    request.counts = !params.texts("expand").empty();  // the caller leaves total_count there
    if (const auto page = params.text("page")) {
        request.cursor = sequence_in(*page);
        if (!request.cursor) params.complain(bad_param("page", "", *page + " is an invalid page."));
    }
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    auto query = parse_search_query(text);
    if (query) query = checked_query(*std::move(query), fields, resource);
    if (!query) return Refusal(query.error());
    request.query = *std::move(query);
    return request;
}

/// What was found, newest first, from a cursor on.
class Search {
public:
    Search(Context& ctx, std::string_view kind, std::span<const SearchField> fields,
           const SearchQuery& query)
        : ctx_(ctx), kind_(kind), fields_(fields), query_(query) {}

    /// At most `wanted`.
    std::vector<Context::Numbered> find(std::optional<std::int64_t> cursor, std::size_t wanted) {
        std::vector<Context::Numbered> found;
        Context::Slice slice{.cursor = cursor, .limit = kChunk};
        for (bool more = true; more && found.size() < wanted;) {
            auto chunk = ctx_.slice(kind_, {}, slice);
            more = std::cmp_equal(chunk.size(), slice.limit);
            for (auto& numbered : chunk) {
                slice.cursor = numbered.sequence;
                if (found.size() < wanted && fits(numbered.object))
                    found.push_back(std::move(numbered));
            }
        }
        return found;
    }

    /// Of all that there is, whatever the page.
    [[nodiscard]] std::size_t count() {
        return find({}, std::numeric_limits<std::size_t>::max()).size();
    }

private:
    /// A price that a request made for itself belongs to nobody's catalog.
    [[nodiscard]] bool fits(const Json& object) const {
        return !flag_of(object, "_inline") && matches(query_, fields_, object);
    }

    Context& ctx_;
    std::string_view kind_;
    std::span<const SearchField> fields_;
    const SearchQuery& query_;
};

Answer search(Operation& operation, std::string_view kind, std::span<const SearchField> fields) {
    const std::string_view below = std::string_view(operation.url).substr(sizeof("/v1/") - 1);
    const auto request = read_request(operation.params, fields, below.substr(0, below.find('/')));
    if (!request) return Refusal(request.error());
    Search search(operation.ctx, kind, fields, request->query);
    auto found = search.find(request->cursor, static_cast<std::size_t>(request->limit) + 1);
    const bool has_more = std::cmp_greater(found.size(), request->limit);
    if (has_more) found.pop_back();

    Json result{{"object", "search_result"}, {"data", Json::array()}, {"has_more", has_more}};
    result["next_page"] = has_more ? Json(page_after(found.back().sequence)) : Json();
    result["url"] = operation.url;
    if (request->counts) result["total_count"] = search.count();
    for (auto& numbered : found) result["data"].push_back(std::move(numbered.object));
    return result;
}

struct Resource {
    std::string_view kind;
    std::span<const SearchField> fields;
};
constexpr Resource kCharges{"charge", kChargeFields};
constexpr Resource kCustomers{"customer", kCustomerFields};
constexpr Resource kInvoices{"invoice", kInvoiceFields};
constexpr Resource kPaymentIntents{"payment_intent", kPaymentIntentFields};
constexpr Resource kPrices{"price", kPriceFields};
constexpr Resource kProducts{"product", kProductFields};
constexpr Resource kSubscriptions{"subscription", kSubscriptionFields};

template <const Resource& Searched>
Answer search_in(Operation& operation) {
    return search(operation, Searched.kind, Searched.fields);
}

constexpr auto kOperations = std::to_array<OperationRoute>({
    {"GET", "/v1/charges/search", search_in<kCharges>},
    {"GET", "/v1/customers/search", search_in<kCustomers>},
    {"GET", "/v1/invoices/search", search_in<kInvoices>},
    {"GET", "/v1/payment_intents/search", search_in<kPaymentIntents>},
    {"GET", "/v1/prices/search", search_in<kPrices>},
    {"GET", "/v1/products/search", search_in<kProducts>},
    {"GET", "/v1/subscriptions/search", search_in<kSubscriptions>},
});

}  // namespace

const Feature& search_feature() {
    static constexpr Feature kFeature{.operations = kOperations};
    return kFeature;
}

}  // namespace turnpike::twin
