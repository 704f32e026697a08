#pragma once

#include <optional>
#include <string_view>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

/// What a portal offers. A feature that nobody asked for is off, but for the account's first
/// configuration, which offers all that customers do with plans, cards and invoices.
namespace turnpike::twin {

inline constexpr std::string_view kConfiguration = "billing_portal.configuration";

/// The configuration that applies where none is named; nullopt until one is needed.
std::optional<Json> find_default_configuration(Context& ctx);
/// Every account has one; made when it is first needed.
Json default_configuration(Context& ctx);

const Feature& portal_configuration_feature();

}  // namespace turnpike::twin
