#include "sandbox/stripe/disputes/evidence.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "json/value.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

constexpr std::size_t kEvidenceCharactersMax = 20'000;

constexpr auto kTexts = std::to_array<std::string_view>({
    "access_activity_log",
    "billing_address",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_tracking_number",
    "uncategorized_text",
});

constexpr auto kFiles = std::to_array<std::string_view>({
    "cancellation_policy",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "receipt",
    "refund_policy",
    "service_documentation",
    "shipping_documentation",
    "uncategorized_file",
});

}  // namespace

Json empty_evidence() {
    Json evidence;
    for (const auto name : kTexts) evidence[name] = nullptr;
    for (const auto name : kFiles) evidence[name] = nullptr;
    evidence["enhanced_evidence"] = Json::object();
    return evidence;
}

bool has_evidence(const Json& evidence) {
    return std::ranges::any_of(kTexts, [&](auto name) { return !evidence.at(name).is_null(); });
}

std::optional<Json> read_evidence(Params& params) {
    auto given = params.object("evidence");
    if (!given) return std::nullopt;
    Json evidence = Json::object();
    for (const auto name : kTexts)
        if (const auto text = given->text(name, kEvidenceCharactersMax))
            evidence[name] = text_or_null(*text);
    for (const auto name : kFiles)
        if (const auto file = given->text(name); file && !file->empty())
            given->complain(no_such_param("file upload", *file, given->name_of(name)));
    given->refuse("enhanced_evidence", "This sandbox does not know Visa's enhanced evidence.");
    params.absorb(*given);
    return evidence;
}

}  // namespace turnpike::twin
