#include "sandbox/ids.h"

#include "base/decimal.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::string_view kBase62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr Int128 kBase = 62;

}  // namespace

std::string base62(std::string_view crockford, std::size_t length) {
    Int128 number = 0;
    for (const char c : crockford) number = number * 32 + static_cast<Int128>(kCrockford.find(c));
    std::string text(length, '0');
    for (auto place = text.rbegin(); place != text.rend(); ++place) {
        *place = kBase62[static_cast<std::size_t>(number % kBase)];
        number /= kBase;
    }
    return text;
}

}  // namespace turnpike::twin
