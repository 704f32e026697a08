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

/// The configuration that applies where none is named; nullopt until it is stored.
std::optional<Json> find_default_configuration(Context& ctx);
/// Every account has one; stored when it is first used.
Json default_configuration(Context& ctx);
/// By id, the default one too before it is stored; nullopt for an unknown id.
std::optional<Json> find_configuration(Context& ctx, const std::string& id);

const Feature& portal_configuration_feature();

}  // namespace turnpike::twin
