#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "json/json.h"

namespace turnpike::twin::razorpay {

/// Whether this is the name of an event that an endpoint can ask for.
bool is_event(std::string_view name);

/// The body of a webhook: {entity, account_id, event, contains, payload, created_at}, without an
/// id, which is a header. `created_at` in Unix seconds.
std::string event_body(const std::string& account, std::string_view event,
                       std::initializer_list<const Json*> entities, std::int64_t created_at);

}  // namespace turnpike::twin::razorpay
