#include "sandbox/stripe/cards/blank_method.h"

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "sandbox/stripe/wire/fields.h"

namespace turnpike::twin {

Json blank_payment_method(Context& ctx, const std::string& type) {
    Json method;
    method["id"] = ctx.new_id("pm");
    method["object"] = "payment_method";
    method["allow_redisplay"] = "unspecified";
    method["billing_details"] = {{"address", empty_address()},
                                 {"email", nullptr},
                                 {"name", nullptr},
                                 {"phone", nullptr},
                                 {"tax_id", nullptr}};
    method["created"] = unix_seconds(ctx.now());
    method["customer"] = nullptr;
    method["customer_account"] = nullptr;
    method["livemode"] = false;
    method["metadata"] = Json::object();
    method["type"] = type;
    method[type] = Json::object();
    return method;
}

std::string fingerprint_of(const std::string& account, std::string_view number) {
    std::string text = to_base64url(sha256(account + ":" + std::string(number)));
    std::erase_if(text, [](char c) { return c == '-' || c == '_'; });
    return text.substr(0, 16);
}

}  // namespace turnpike::twin
