#include "metering/log/records/leb128.h"

#include <limits>

namespace turnpike {

void put_number(std::string& out, std::uint64_t number) {
    for (; number >= 0x80; number >>= 7) out.push_back(static_cast<char>(number | 0x80));
    out.push_back(static_cast<char>(number));
}

void put_signed(std::string& out, std::int64_t number) {
    const auto bits = static_cast<std::uint64_t>(number);
    put_number(out, (bits << 1) ^ (number < 0 ? ~std::uint64_t{0} : 0));
}

std::uint64_t NumberReader::number() {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < kNumberBytesMax && i < rest_.size(); ++i) {
        const auto byte = static_cast<std::uint8_t>(rest_[i]);
        const std::uint64_t bits = byte & 0x7fU;
        if (i + 1 == kNumberBytesMax && bits > 1) break;  // the 64th bit is the last
        number |= bits << (7 * i);
        if (byte >= 0x80) continue;
        rest_.remove_prefix(i + 1);
        return number;
    }
    give_up();
    return 0;
}

std::int64_t NumberReader::signed_number() {
    const std::uint64_t bits = number();
    return static_cast<std::int64_t>((bits >> 1) ^ (~(bits & 1) + 1));
}

std::uint32_t NumberReader::index() {
    const std::uint64_t read = number();
    if (read <= std::numeric_limits<std::uint32_t>::max()) return static_cast<std::uint32_t>(read);
    give_up();
    return 0;
}

void NumberReader::give_up() {
    is_bad_ = true;
    rest_ = {};
}

std::string_view NumberReader::text(std::uint64_t size) {
    if (size > rest_.size()) {
        give_up();
        return {};
    }
    const auto text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
}

}  // namespace turnpike
