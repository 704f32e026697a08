#include "billing/records/checkout_session.h"

#include <array>

#include "base/check.h"

namespace turnpike {
namespace {

struct CheckoutStatusName {
    CheckoutStatus status;
    std::string_view text;
};
constexpr auto kCheckoutStatuses = std::to_array<CheckoutStatusName>({
    {CheckoutStatus::Creating, "creating"},
    {CheckoutStatus::Open, "open"},
    {CheckoutStatus::Complete, "complete"},
    {CheckoutStatus::Expired, "expired"},
    {CheckoutStatus::Failed, "failed"},
});

}  // namespace

std::string_view to_text(CheckoutStatus status) {
    for (const auto& name : kCheckoutStatuses)
        if (name.status == status) return name.text;
    check(false, "every status has a name");
    return "";
}

std::optional<CheckoutStatus> parse_checkout_status(std::string_view text) {
    for (const auto& name : kCheckoutStatuses)
        if (name.text == text) return name.status;
    return std::nullopt;
}

std::string with_session_id(std::string url, std::string_view id) {
    for (auto at = url.find(kSessionIdMark); at != std::string::npos;
         at = url.find(kSessionIdMark, at + id.size()))
        url.replace(at, kSessionIdMark.size(), id);
    return url;
}

}  // namespace turnpike
