#pragma once

#include <string_view>

namespace turnpike::twin::razorpay {

/// Whether a webhook could be sent there: http:// or https://, a host, a port that exists if one is
/// named, and no spaces or control characters anywhere. Whether somebody listens is another matter.
bool is_webhook_url(std::string_view url);

}  // namespace turnpike::twin::razorpay
