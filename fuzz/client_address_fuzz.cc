// Whatever X-Forwarded-For says, who asks is an address, and what the caller wrote left of the last
// strange hop changes nothing. Input: lines of the header.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/client_address.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace turnpike;
    static const http::Networks kProxies = *http::Networks::parse("10.0.0.0/8, fd00::/8");
    const auto* const bytes = static_cast<const char*>(static_cast<const void*>(data));
    std::string_view rest(bytes, size);
    http::Headers headers, claimed{{"X-Forwarded-For", "8.8.8.8, 10.9.9.9"}};
    while (!rest.empty()) {
        const auto end = std::min(rest.find('\n'), rest.size());
        headers.emplace_back("X-Forwarded-For", rest.substr(0, end));
        claimed.push_back(headers.back());
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    const std::string client = http::client_address(kProxies, "10.1.1.1", headers);
    const auto address = http::parse_address(client);
    check(address.has_value(), "it is an address");
    check(http::to_text(*address) == client, "in its one spelling");
    if (!kProxies.contain(*address))
        check(http::client_address(kProxies, "10.1.1.1", claimed) == client,
              "claims count nothing");
    check(http::client_address(kProxies, "203.0.113.9", headers) == "203.0.113.9",
          "nobody else is believed");
    check(http::client_address(kProxies, client, headers) == client || kProxies.contain(*address),
          "asked twice it says the same");
    check(!http::limited_peer(client).empty(), "every peer is counted");
    return 0;
}
