#pragma once

#include <string_view>

#include "json/json.h"
#include "subscriptions/subscription.h"

namespace turnpike {

/// `{"object":"subscription", ...}`; `plan_key` is the plan's key ("pro").
Json write_subscription(const Subscription& subscription, std::string_view plan_key);

}  // namespace turnpike
